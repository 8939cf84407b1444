/** A promise that answers in time, or an error that says what was waited for and how long. */
import type { Clock } from '../protocol/clock.js';

export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  readonly error: () => Error;
}

/** The answer, or `error()` once `ms` have passed; a later answer is dropped. */
export function withDeadline<T>(answer: Promise<T>, { clock, ms, error }: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(error()));
    answer.then(resolve, reject).finally(cancel);
  });
}
