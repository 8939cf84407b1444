/** When everything so far takes the place of a query's journal. */
import type { JournalRecord } from './journal-records.js';
import type { QueryJournal } from './processing-parts.js';

const LEAST_BYTES = 2_000_000;

export class Checkpoints {
  readonly #journal: QueryJournal;
  #dueAt = 0;

  constructor(journal: QueryJournal) {
    this.#journal = journal;
  }

  get isDue(): boolean {
    return this.#journal.bytes > this.#dueAt;
  }
  /** Settles when it is on disk. */
  write(checkpoint: JournalRecord): Promise<void> {
    const written = this.#journal.replace(checkpoint);
    // A journal many times as long as its checkpoint costs the next start; a checkpoint too often costs this query.
    this.#dueAt = Math.max(LEAST_BYTES, 4 * this.#journal.bytes);
    return written;
  }
}
