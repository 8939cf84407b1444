/** Commands at a terminal's prompt as a shell runs them: Ctrl-C ends the one that runs, whatever it does, and the prompt goes on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { answerSignals } from '../answer-signals.js';
import { ExitStatus } from '../exit-status.js';

const INTERRUPTED = 130;

/** In a process of its own, which has the terminal. @throws {ExitStatus} other than 0 */
export async function runAsChild(words: readonly string[]): Promise<void> {
  const release = answerSignals(['SIGINT'], () => {}); // the terminal tells the child too
  const child = spawn(process.execPath, [process.argv[1]!, ...words], { stdio: 'inherit' });
  const endIt = (): void => void child.kill();
  process.once('exit', endIt);
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (signal === 'SIGINT') process.stdout.write('\n'); // behind the terminal's ^C
    if (status !== 0) throw new ExitStatus(status ?? INTERRUPTED);
  } finally {
    process.off('exit', endIt);
    release();
  }
}

/**
 * In this process, for what works on the session itself. What is abandoned goes on to the next place where it looks at the signal.
 * @throws {ExitStatus} 130 where it was interrupted
 */
export async function runInterruptibly(run: (interrupted: AbortSignal) => Promise<unknown>): Promise<void> {
  const abort = new AbortController();
  const interruption = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason as ExitStatus));
  });
  const release = answerSignals(['SIGINT'], () => {
    process.stdout.write('\n');
    abort.abort(new ExitStatus(INTERRUPTED));
  });
  const running = run(abort.signal);
  running.catch(() => {}); // of what was abandoned nobody is told
  try {
    await Promise.race([running, interruption]);
  } finally {
    release();
  }
}
