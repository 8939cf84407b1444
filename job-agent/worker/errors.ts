/** What a worker tells people, each with its code. */
import { GridError } from '../../protocol/errors.js';

/** The catalog and the file do not agree on its entries: one of them is not what the user means. */
export class EntriesDifferError extends GridError {
  readonly code = 'WORKER_ENTRIES_DIFFER';
  constructor(name: string, expected: number, found: number) {
    super(
      `${name} has ${found} entries, but ${expected} are on record for it. Register the file again with what it holds.`,
    );
  }
}

/** The packet in hand is too much for this process. */
export class WorkerLimitError extends GridError {
  readonly code = 'WORKER_LIMIT';
}
