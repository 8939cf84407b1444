/** What a master tells people, each with its code. Those of a single module stand there. */
import { GridError } from '../../protocol/errors.js';

/** Not one entry of the query could be processed, although its files could be read. */
export class NothingDoneError extends GridError {
  readonly code = 'MASTER_NOTHING_DONE';
}
/** No file of the data set could be read. */
export class NothingReadError extends GridError {
  readonly code = 'MASTER_NOTHING_READ';
}
/** The query is done, but its outputs are too long to be told without the disk, and the disk did not take them. */
export class ResultNotKeptError extends GridError {
  readonly code = 'MASTER_RESULT_NOT_KEPT';
}
/** More entries failed than the query allows. */
export class TooManyFailuresError extends GridError {
  readonly code = 'MASTER_TOO_MANY_FAILURES';
}
/** Somebody ended the query, or its session. */
export class QueryAbortedError extends GridError {
  readonly code = 'MASTER_QUERY_ABORTED';
}
/** The process ended without a word while it ran user code. */
export class WorkerDiedError extends GridError {
  readonly code = 'MASTER_WORKER_DIED';
}
/** Somebody speaks plain HTTP to a master's socket. */
export class WebSocketOnlyError extends GridError {
  readonly code = 'MASTER_WEBSOCKET_ONLY';
  constructor() {
    super('A session master speaks WebSocket only.');
  }
}
