/** What a client hears of a query on its way. */
import type { EntryCounts, ToClientMessage } from '../../protocol/session-messages.js';
import type { DataSet } from './data-set.js';
import type { EntryCounting } from './entry-counting.js';
import type { Processing } from './processing.js';
import type { QueryFigures } from './query-figures.js';

export type LookupStage = 'located' | 'validating' | 'validated';
type Progress = Extract<ToClientMessage, { type: 'progress' }>;

export function lookupMessage(
  queryId: string,
  stage: LookupStage,
  { dataSet, counting }: { dataSet: DataSet; counting: EntryCounting | undefined },
): ToClientMessage {
  const missing = dataSet.missingFiles().length;
  return { type: 'lookup', queryId, stage, files: dataSet.size, done: counting?.done ?? 0, missing };
}

/** @param since when packets began to go out, by the same clock as `now`; null: not yet */
export function progressMessage(
  what: { queryId: string; state: Progress['state']; entries: EntryCounts },
  { figures, processing }: { figures: QueryFigures; processing: Processing },
  { now, since }: { now: number; since: number | null },
): ToClientMessage {
  return {
    ...{ type: 'progress', ...what },
    bytes: figures.bytes,
    elapsedMs: since === null ? 0 : now - since,
    ...figures.rates(now),
    leftMs: processing.leftMs(),
    workers: processing.workers,
  };
}
