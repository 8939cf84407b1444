/** The life of a query in the master, as a table. */
import { GridError } from '../../protocol/errors.js';

export type RunState = 'queued' | 'lookingUp' | 'counting' | 'processing' | 'stopping' | 'finishing' | 'over';
export type RunEvent = 'start' | 'located' | 'counted' | 'stop' | 'settled' | 'end';

export const RUN_MOVES: Record<RunState, Partial<Record<RunEvent, RunState>>> = {
  queued: { start: 'lookingUp', end: 'over' },
  lookingUp: { located: 'counting', end: 'over' },
  counting: { counted: 'processing', end: 'over' },
  processing: { stop: 'stopping', settled: 'finishing', end: 'over' },
  /** Packets in hand may still commit. */
  stopping: { settled: 'finishing', end: 'over' },
  /** Workers run workerTerminate. */
  finishing: { end: 'over' },
  over: {},
};

/** A move that the table does not have: a bug of the caller. */
export class QueryMoveError extends GridError {
  readonly code = 'MASTER_QUERY_MOVE';
}

export function nextRunState(state: RunState, event: RunEvent): RunState {
  const to = RUN_MOVES[state][event];
  if (to === undefined) throw new QueryMoveError(`A query that is ${state} cannot take "${event}".`);
  return to;
}
