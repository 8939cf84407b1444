/** Whose fault an error in a packet is: what decides whether it is tried elsewhere, taken apart, or the end of the query. Pure. */
import { UserCodeError } from '../../analysis/errors.js';
import { errorBody } from '../../protocol/errors.js';
import type { WorkerMessage } from '../../protocol/worker-messages.js';

type PacketFailed = Extract<WorkerMessage, { type: 'packetFailed' }>;
export type Failure = Pick<PacketFailed, 'cause' | 'entry' | 'error'>;

/** They would come again at every entry, on every worker. */
const OF_THE_PROGRAM: ReadonlySet<string> = new Set([
  'ANALYSIS_NO_SUCH_BRANCH',
  'ANALYSIS_COLUMN',
  'ANALYSIS_DRAW_EXPRESSION',
  'ANALYSIS_ENTRY_LIST',
  'ANALYSIS_FRIEND_SHORT',
  'ROOT_NO_SUCH_COLUMN',
  'ROOT_COLUMN_TYPE',
  'ROOT_WHICH_TABLE',
]);

/** @param isOpening it came while the file was being opened */
export function failureOf(error: unknown, isOpening: boolean): Failure {
  if (error instanceof UserCodeError)
    return { cause: 'user', entry: error.entry, error: { ...errorBody(error), stack: error.userStack } };
  const body = errorBody(error);
  if (OF_THE_PROGRAM.has(body.code)) return { cause: 'program', entry: null, error: body };
  return { cause: isOpening ? 'file' : 'data', entry: null, error: body };
}
