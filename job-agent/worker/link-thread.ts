/**
 * The worker's link in a thread of its own: user code may keep the main thread busy with one entry for minutes, and the master shall hear
 * all the while that this process lives. A process that is stopped, or whose network is cut, is silent with all its threads.
 *
 * The thread dials, answers heartbeats and packs messages; what they mean is the main thread's business (threaded-dial.ts).
 */
import { parentPort } from 'node:worker_threads';
import type { z } from 'zod';
import { systemClock } from '../../protocol/clock.js';
import { type Dialler, dial } from '../../protocol/dial.js';
import type { Link } from '../../protocol/link.js';

/** Main thread -> link thread. */
export type ToLinkThread =
  | {
      readonly do: 'dial';
      readonly url: string;
      readonly giveUpAfterMs: number;
      readonly longestPauseMs: number;
    }
  | { readonly do: 'ticket'; readonly ticket: string }
  | { readonly do: 'send'; readonly message: object }
  /** Answered when all before it is with the operating system, or dropped: this process may die then. */
  | { readonly do: 'flush' }
  | { readonly do: 'close'; readonly why: string };
/** And back. Messages are not checked yet. */
export type FromLinkThread =
  /** ticketWanted: for the next connection; each opens the door once. */
  | { readonly event: 'loaded' | 'open' | 'ticketWanted' | 'flushed' }
  | { readonly event: 'message'; readonly message: unknown }
  | { readonly event: 'lost' | 'closed'; readonly why: string };

/** Without the schema library, which would double the time that this thread takes to start. */
const UNCHECKED = { safeParse: (data: unknown) => ({ success: true, data }) } as unknown as z.ZodType<unknown>;
const port = parentPort!;
const tell = (event: FromLinkThread): void => port.postMessage(event);
let dialler: Dialler | undefined;
let link: Link<unknown, object> | undefined;
let ticketCame: (ticket: string) => void = () => {};

port.on('message', (order: ToLinkThread) => {
  if (order.do === 'send') link?.send(order.message);
  else if (order.do === 'flush') tell({ event: 'flushed' });
  else if (order.do === 'ticket') ticketCame(order.ticket);
  else if (order.do === 'close') dialler?.close(order.why);
  else
    dialler = dial<unknown, object>({
      url: order.url,
      headers: async () => {
        const ticket = new Promise<string>((resolve) => {
          ticketCame = resolve;
        });
        tell({ event: 'ticketWanted' });
        return { authorization: `Bearer ${await ticket}` };
      },
      schema: UNCHECKED,
      clock: systemClock,
      giveUpAfterMs: order.giveUpAfterMs,
      longestPauseMs: order.longestPauseMs,
      onOpen: (opened) => {
        link = opened;
        tell({ event: 'open' });
      },
      onMessage: (message) => tell({ event: 'message', message }),
      onLost: (why) => {
        link = undefined;
        tell({ event: 'lost', why });
      },
      onClosed: (why) => tell({ event: 'closed', why }),
    });
});
tell({ event: 'loaded' });
