/**
 * News for the state file that must not be lost when its disk is full for a while: what cannot be written now is written later, the last
 * news of a thing in the place of earlier ones.
 */
import Database from 'better-sqlite3';
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';

const AGAIN_MS = 1_000;

export class LateWrites {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #waiting = new Map<string, () => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param thing what the news is about */
  write(thing: string, put: () => void): void {
    this.#waiting.delete(thing);
    if (this.#try(put)) return;
    this.#waiting.set(thing, put);
    this.#again();
  }
  close(): void {
    this.#cancel?.();
  }

  #again(): void {
    this.#cancel ??= this.#clock.after(AGAIN_MS, () => {
      this.#cancel = undefined;
      for (const [thing, put] of this.#waiting)
        if (this.#try(put)) this.#waiting.delete(thing);
        else return this.#again();
    });
  }
  #try(put: () => void): boolean {
    try {
      put();
      return true;
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      this.#log.error(`the state file cannot be written; it is tried again: ${error.message}`, { code: error.code });
      return false;
    }
  }
}
