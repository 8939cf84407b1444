/** Changes that come at one moment are written as one: a commit costs more than what is in it. Each is answered when all are on disk. */
import type { JobStore } from './job-store.js';

interface Change {
  readonly make: () => () => void;
  readonly fail: (error: Error) => void;
}

export class GroupCommit {
  readonly #store: Pick<JobStore, 'together'>;
  #waiting: Change[] = [];

  constructor(store: Pick<JobStore, 'together'>) {
    this.#store = store;
  }

  /** A change that throws undoes itself alone. */
  run<T>(change: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#commit());
      const make = (): (() => void) => {
        try {
          const value = this.#store.together(change);
          return () => resolve(value);
        } catch (error) {
          return () => reject(error as Error);
        }
      };
      this.#waiting.push({ make, fail: reject });
    });
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const answers = this.#store.together(() => waiting.map(({ make }) => make()));
      for (const answer of answers) answer();
    } catch (error) {
      for (const { fail } of waiting) fail(error as Error);
    }
  }
}
