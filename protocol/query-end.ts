/** How a query that nobody stopped or aborted ended, and why: the same verdict on the pool and in a run without a server. Pure. */
import type { QueryState } from './ids.js';
import type { EntryCounts, QueryResult } from './session-messages.js';

interface FirstFailure {
  readonly file: string;
  readonly entry: number | null;
  readonly error: string;
}

/** `missing` is null where a file is missing whose entries nobody knows. */
export function endStatus({ done, failed, missing }: EntryCounts, missingFiles: number): QueryState {
  if (failed === 0 && (missing ?? 0) === 0 && missingFiles === 0) return 'completed';
  return done > 0 ? 'incomplete' : 'failed';
}

export function nothingDone(first: FirstFailure): string {
  return `No entry could be done. The first failure: ${told(first)}`;
}

export function nothingRead(missingFiles: QueryResult['missingFiles']): string {
  const [file] = missingFiles;
  const more = missingFiles.length > 1 ? ` (and ${missingFiles.length - 1} more files)` : '';
  return `Nothing could be read: ${file?.file}: ${file?.error}${more}`;
}

export function tooManyFailures(failed: number, allowed: number, first: FirstFailure): string {
  return `${failed} entries failed, more than the ${allowed} that this query allows (--max-failures). The first: ${told(first)}`;
}

const told = ({ file, entry, error }: FirstFailure): string => `${file}, entry ${entry}: ${error}`;
