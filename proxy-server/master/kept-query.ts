/**
 * What a query keeps on disk while it runs, opened: its journal, the rows beside it, and the merged state that they give. A journal whose
 * records are whole and do not fit what is on disk (rows that the disk lost, a record of another release) is given up: the query begins anew.
 */
import { unpackState } from '../../analysis/merged-state.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import type { RowFile } from '../../analysis/outputs/row-file.js';
import type { Selector } from '../../analysis/selector.js';
import { GridError } from '../../protocol/errors.js';
import { type Journal, JournalError } from './journal.js';
import type { QuerySpec } from './query-spec.js';
import type { QueryStore } from './query-store.js';
import { Recovery } from './recovery.js';

export interface KeptQuery {
  readonly journal: Journal;
  readonly rows: RowFile;
  readonly merger: OutputMerger;
  readonly recovered: Recovery;
}
export interface KeptQueryOptions {
  readonly store: QueryStore;
  /** Objects with a `merge` of the user's are merged by it. */
  readonly selector: Selector | undefined;
  readonly onFull: (isFull: boolean) => void;
  /** It begins anew: why. */
  readonly onUnfit: (why: string) => void;
}

/** @throws {GridError} where the disk does not take it: then nothing of the query is left, so that no later master takes it for one */
export async function openKeptQuery(spec: QuerySpec, options: KeptQueryOptions): Promise<KeptQuery> {
  const { store, onUnfit } = options;
  const isNew = !store.numbers().includes(Number(spec.queryId.slice(1)));
  try {
    await store.saveSpec(spec);
    const kept = await openOnce(spec, options);
    if (!(kept instanceof Error)) return kept;
    onUnfit(kept.message);
    await store.forgetProgress(spec.queryId);
    const anew = await openOnce(spec, options);
    if (anew instanceof Error) throw anew;
    return anew;
  } catch (cause) {
    if (isNew) await store.remove(spec.queryId);
    if (cause instanceof GridError) throw cause;
    throw new JournalError(`The query cannot be kept: ${(cause as Error).message}. Make room on that disk.`, { cause });
  }
}

/** @returns what a record did not fit, where that is so. @throws {JournalError} */
async function openOnce(spec: QuerySpec, { store, selector, onFull }: KeptQueryOptions): Promise<KeptQuery | Error> {
  const rows = store.rowFile(spec.queryId);
  const merger = new OutputMerger({ chunks: rows, ...(selector === undefined ? {} : { selector }) });
  const recovered = new Recovery({
    add: (increment) => merger.addKept(increment),
    addState: (state) => {
      for (const increment of unpackState(state)) merger.addKept(increment);
    },
  });
  let misfit: Error | undefined;
  const onRecord = (record: unknown): void => {
    try {
      recovered.apply(record);
    } catch (error) {
      misfit = error as Error;
      throw error;
    }
  };
  try {
    const journal = await store.openJournal(spec, { onRecord, syncOthers: () => rows.sync(), onFull });
    rows.cut();
    return { journal, rows, merger, recovered };
  } catch (error) {
    rows.close();
    if (misfit !== undefined) return misfit;
    throw error;
  }
}
