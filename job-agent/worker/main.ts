/**
 * The worker process: forked by the job agent before anybody asks, so that all modules are loaded when a session wants it. Over IPC it
 * says `warm`, is told `attach`, serves that one session, and ends; so does it when its agent dies.
 */

import type { FromWorkerProcess } from '../../protocol/agent-messages.js';
import { toWorkerProcess } from '../../protocol/agent-messages.js';
import { checked } from '../../protocol/check.js';
import { systemClock } from '../../protocol/clock.js';
import { useFewerThreads } from '../../protocol/v8-on-busy-cores.js';
import { codecs } from '../../rootio/compression/tier.js';
import { storageOptionsFromEnvironment } from '../../storage/environment.js';
import { captureOutput } from './captured-output.js';
import { memoryShare, watchMemory } from './memory-watch.js';
import { rehearse } from './rehearsal.js';
import { SessionWorker } from './session-worker.js';
import { LinkThread } from './threaded-dial.js';

/** A loop of users' code has run through that within milliseconds. */
useFewerThreads(600_000);

const tell = (message: FromWorkerProcess): void => {
  if (process.connected) process.send?.(message);
};
let worker: SessionWorker | undefined;
const threadStarts = LinkThread.start();

const end = (why: string): void => {
  tell({ type: 'ended', why });
  process.exit(0);
};

process.on('message', (value) => {
  const message = checked(toWorkerProcess, value);
  if (message.type === 'ticket') {
    worker?.ticket(message.ticket);
    return;
  }
  if (message.type === 'stop') {
    if (worker === undefined) end('stopped');
    else worker.stop('stopped');
    return;
  }
  if (worker !== undefined) return; // one session a process, for ever
  const output = captureOutput(systemClock, (text) => worker?.printed(text));
  worker = new SessionWorker(message, {
    output,
    thread,
    clock: systemClock,
    storage: storageOptionsFromEnvironment(process.env, process.getuid?.()),
    onAttached: () => tell({ type: 'attached', sessionId: message.sessionId }),
    onTicketWanted: () => tell({ type: 'ticketWanted' }),
    onEnded: end,
  });
  watchMemory(systemClock, memoryShare(message.node), (why) => worker?.exceed(why));
});
process.on('disconnect', () => process.exit(0));
if (!process.connected) process.exit(0); // its agent died while it loaded: that event is gone, and the link's thread would live on
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    if (worker?.crash(error) !== true) worker?.printed(`${error instanceof Error ? error.stack : String(error)}\n`);
  });

const thread = await threadStarts;
await codecs(); // libraries for decompression: found and initialised now, not in the first packet
await rehearse(systemClock).catch((error: unknown) => console.error(`the rehearsal failed: ${String(error)}`)); // a query may fare better
tell({ type: 'warm' });
