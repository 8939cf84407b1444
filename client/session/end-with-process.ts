/**
 * What becomes of a session of this process's own when the process is told to end, at whatever moment: nobody comes back to it.
 *
 * SIGINT and SIGTERM end it with all that runs in it. SIGHUP, a terminal that is gone, was meant for no query: the session ends with the
 * last of them. The exit status is that of a shell: 128 + the signal's number. A second signal does not wait for the server.
 */
import { systemClock } from '../../protocol/clock.js';
import { answerSignals } from '../answer-signals.js';
import { ExitStatus } from '../exit-status.js';
import { endProcess } from '../run/users-code.js';
import type { ProofSession } from './proof-session.js';

/** For the last message to leave this process. */
const LAST_WORDS_MS = 250;

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type EndSignal = keyof typeof STATUS;
const SIGNALS = Object.keys(STATUS) as EndSignal[];

/** A signal that a part of `work` answers (answer-signals.ts) is not answered here. */
export async function endingWithProcess<T>(connected: Promise<ProofSession>, work: () => Promise<T>): Promise<T> {
  let told: ExitStatus | undefined;
  const end = (name: NodeJS.Signals): void => {
    const signal = name as EndSignal;
    const status = STATUS[signal];
    if (told !== undefined) endProcess(status);
    told = new ExitStatus(status);
    connected
      .then((session) => (signal === 'SIGHUP' ? leave(session) : session.close()))
      .catch(() => {}) // it never was, or its server is gone
      .finally(() => {
        if (signal !== 'SIGHUP') endProcess(status); // a line may still be awaited
        release();
        process.kill(process.pid, signal); // Node would set the terminal as it was, and crash: it is gone
      });
  };
  const release = answerSignals(SIGNALS, end);
  try {
    const done = await work();
    if (told !== undefined) throw told;
    return done;
  } catch (error) {
    throw told ?? error;
  } finally {
    release();
  }
}

function leave(session: ProofSession): Promise<void> {
  session.detach(true);
  return new Promise((resolve) => systemClock.after(LAST_WORDS_MS, resolve));
}
