/** The main thread's side of link-thread.ts: as protocol/dial.ts, but the link goes on answering while this thread is busy. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { z } from 'zod';
import { checked } from '../../protocol/check.js';
import { errorBody } from '../../protocol/errors.js';
import { wayOutOf } from '../../protocol/way-out.js';
import type { FromLinkThread, ToLinkThread } from './link-thread.js';

export interface ThreadedDialOptions<In> {
  readonly url: string;
  /** For the next connection. */
  readonly ticket: () => Promise<string>;
  readonly schema: z.ZodType<In>;
  readonly giveUpAfterMs: number;
  readonly longestPauseMs: number;
  readonly onOpen: () => void;
  readonly onMessage: (message: In) => void;
  readonly onLost: (why: string) => void;
  readonly onClosed: (why: string) => void;
}

/** Dials out; between `onOpen` and `onLost` what is sent arrives, else it is dropped. */
export interface ThreadedLink<Out extends object> {
  close(why: string): void;
  /**
   * Arrays of the message are copied, not handed over: one array that is taken from this thread makes V8 throw away all that it has optimised
   * for typed arrays, user code's loops among it, and look before each access from then on.
   */
  send(message: Out): void;
  /** What was sent has left this process. */
  flushed(): Promise<void>;
}

/** A thread that has loaded its modules and waits: started ahead, as the worker itself. */
export class LinkThread {
  readonly #thread: Worker;

  private constructor(thread: Worker) {
    this.#thread = thread;
  }
  static async start(): Promise<LinkThread> {
    const thread = new Worker(new URL('./link-thread.js', import.meta.url), { env: wayOutOf(process.env), argv: [] });
    await once(thread, 'message'); // loaded
    return new LinkThread(thread);
  }

  /** Once. */
  dial<In, Out extends object>(options: ThreadedDialOptions<In>): ThreadedLink<Out> {
    const thread = this.#thread;
    const order = (what: ToLinkThread): void => thread.postMessage(what);
    const waiting: (() => void)[] = [];
    thread.on('message', (said: FromLinkThread) => {
      if (said.event === 'open') options.onOpen();
      else if (said.event === 'ticketWanted') void options.ticket().then((ticket) => order({ do: 'ticket', ticket }));
      else if (said.event === 'lost') options.onLost(said.why);
      else if (said.event === 'closed') options.onClosed(said.why);
      else if (said.event === 'flushed') waiting.shift()?.();
      else if (said.event === 'message') {
        let message: In;
        try {
          message = checked(options.schema, said.message);
        } catch (error) {
          order({ do: 'close', why: errorBody(error).message });
          return;
        }
        options.onMessage(message);
      }
    });
    thread.once('error', (error: Error) => options.onClosed(`the link's thread ended: ${error.message}`));
    const { url, giveUpAfterMs, longestPauseMs } = options;
    order({ do: 'dial', url, giveUpAfterMs, longestPauseMs });
    return {
      send: (message) => order({ do: 'send', message }),
      flushed: () =>
        new Promise((resolve) => {
          waiting.push(resolve);
          order({ do: 'flush' });
        }),
      close: (why) => order({ do: 'close', why }),
    };
  }
}
