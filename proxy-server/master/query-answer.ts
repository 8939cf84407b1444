/** How a query ended, in the words of cli.md: its status, why it failed, and everything but its outputs. Pure. */
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import type { QueryState } from '../../protocol/ids.js';
import { nothingDone, nothingRead } from '../../protocol/query-end.js';
import type { EntryCounts, QueryResult } from '../../protocol/session-messages.js';
import { NothingDoneError, NothingReadError } from './errors.js';
import type { FailureLog, Report } from './failure-log.js';
import type { LedgerCounts } from './ledger.js';
import type { QueryFigures } from './query-figures.js';
import type { QuerySpec } from './query-spec.js';

/** `stack` is the user's own. */
export type UserError = ErrorBody & { readonly stack?: string | undefined };

export interface AnswerParts {
  readonly status: QueryState;
  readonly error: UserError | null;
  readonly entries: EntryCounts;
  readonly failures: FailureLog;
  readonly missingFiles: QueryResult['missingFiles'];
  readonly figures: QueryFigures;
  readonly timing: QueryResult['timing'];
}

export function answerOf(spec: QuerySpec, parts: AnswerParts): QueryResult {
  const { query, title, program, params, inputs, seed } = spec;
  const { status, error, entries, failures, missingFiles, figures, timing } = parts;
  return {
    ...{ query, title, program, params, inputs, seed, status, error, entries, missingFiles, timing },
    failures: failures.reports(),
    failuresLeftOut: failures.leftOut,
    workers: figures.workers(),
    bytes: figures.bytes,
  };
}

/** Of a query that a new master cannot go on with. */
export function unstartedAnswer(spec: QuerySpec, error: UserError): QueryResult {
  const { query, title, program, params, inputs, seed } = spec;
  return {
    ...{ query, title, program, params, inputs, seed, status: 'failed', error, bytes: 0, workers: [] },
    ...{ failures: [], failuresLeftOut: 0, missingFiles: [] },
    entries: { total: null, done: 0, failed: 0, missing: null },
    timing: { openMs: 0, lookupMs: 0, processMs: 0, mergeMs: 0, totalMs: 0 },
  };
}

/** Of `start` and of `processing` (null: it never came to that) on the master's clock. A session's opening is the client's to time. */
export function timingOf(
  { start, processing }: { readonly start: number; readonly processing: number | null },
  now: number,
  mergeMs: number,
): QueryResult['timing'] {
  const processMs = processing === null ? 0 : now - processing;
  return { openMs: 0, lookupMs: (processing ?? now) - start, processMs, mergeMs, totalMs: now - start };
}

/** At the end, what was not even tried is missing: the numbers add up, however the query ended. */
export function finalCounts({ total, done, failed }: LedgerCounts): LedgerCounts {
  return { total, done, failed, missing: total - done - failed };
}

/** Why a query of which not one entry was done failed. */
export function failureOf(missingFiles: QueryResult['missingFiles'], first: Report | undefined): UserError {
  if (first === undefined) return errorBody(new NothingReadError(nothingRead(missingFiles)));
  const { stack } = first;
  return { ...errorBody(new NothingDoneError(nothingDone(first))), ...(stack === null ? {} : { stack }) };
}
