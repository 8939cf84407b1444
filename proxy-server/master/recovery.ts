/**
 * A query in its journal: what a checkpoint says, and what a new master makes of checkpoint and records, increments merged as they come.
 * Pure but for the merger that is given.
 */
import { checked } from '../../protocol/check.js';
import type { DataSet } from './data-set.js';
import type { LoggedFailure } from './failure-log.js';
import { type Checkpoint, journalRecord } from './journal-records.js';
import type { Processing } from './processing.js';
import type { Merger } from './processing-parts.js';
import { QueryFigures } from './query-figures.js';
import { SettledRanges } from './settled-ranges.js';

export function checkpointOf(parts: {
  dataSet: DataSet;
  processing: Processing;
  figures: QueryFigures;
  merger: Merger;
}): Checkpoint {
  const { dataSet, processing, figures, merger } = parts;
  const { failures } = processing;
  return {
    t: 'checkpoint',
    files: dataSet.dump(),
    settled: processing.settled(),
    failures: failures.logged(),
    failuresLeftOut: failures.leftOut,
    workers: figures.dump(),
    bytes: figures.bytes,
    state: merger.checkpoint(),
  };
}

export interface RecoveryMerger {
  add(increment: Uint8Array): void;
  /** Everything of a checkpoint's state. */
  addState(state: Uint8Array): void;
}

export class Recovery {
  readonly #merger: RecoveryMerger;
  readonly #figures = new QueryFigures();
  readonly settled = new SettledRanges();
  readonly failures: LoggedFailure[] = [];
  /** Position -> why. */
  readonly missing = new Map<number, string>();
  failuresLeftOut = 0;
  /** Undefined: the master died before the query had its files and their counts; it begins anew. */
  checkpoint: Checkpoint | undefined;

  constructor(merger: RecoveryMerger) {
    this.#merger = merger;
  }

  get bytes(): number {
    return this.#figures.bytes;
  }
  workers(): ReturnType<QueryFigures['dump']> {
    return this.#figures.dump();
  }

  /** @throws {WireError} for a record of another kind */
  apply(value: unknown): void {
    const record = checked(journalRecord, value, 'journal record');
    switch (record.t) {
      case 'checkpoint':
        this.checkpoint = record;
        this.#merger.addState(record.state);
        this.#figures.restore(record.workers, record.bytes);
        for (const range of record.settled) this.settled.add(range);
        this.failures.push(...record.failures);
        this.failuresLeftOut = record.failuresLeftOut;
        break;
      case 'worker':
        this.#figures.join(record.workerId, record);
        break;
      case 'commit':
        for (const range of record.ranges) this.settled.add(range);
        this.#merger.add(record.increment);
        this.#figures.committed(record.workerId, record.reports, 0);
        break;
      case 'failed':
        this.settled.add(record.range);
        this.failures.push({ position: record.range.file, report: record.report });
        break;
      case 'missing':
        for (const range of record.ranges) this.settled.add(range);
        this.missing.set(record.position, record.file.error);
        break;
      case 'last':
        this.#merger.add(record.increment);
        break;
    }
  }
}
