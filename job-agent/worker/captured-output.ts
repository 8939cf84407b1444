/** What user code prints goes to the user, not to the agent's log: collected, cut to its tail, and sent a few times a second. */
import type { Clock } from '../../protocol/clock.js';

const FLUSH_MS = 250;
const MOST_CHARS = 60_000;
const TAIL_CHARS = 2_000;

export interface CapturedOutput {
  /** The last that was printed. */
  lastWords(): string;
  /** What waits goes at once: a short query is over before its time. */
  flush(): void;
}

/** From now on everything written to standard output and standard error of this process comes to `print`. */
export function captureOutput(clock: Clock, print: (text: string) => void): CapturedOutput {
  let tail = '';
  let pending = '';
  let leftOut = 0;
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (pending === '') return;
    const text = leftOut > 0 ? `[${leftOut} characters left out]\n${pending}` : pending;
    pending = '';
    leftOut = 0;
    print(text);
  };
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    pending += text;
    tail = (tail + text).slice(-TAIL_CHARS);
    if (pending.length > MOST_CHARS) {
      leftOut += pending.length - MOST_CHARS;
      pending = pending.slice(-MOST_CHARS);
    }
    cancel ??= clock.after(FLUSH_MS, flush);
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
  return { lastWords: () => tail, flush };
}
