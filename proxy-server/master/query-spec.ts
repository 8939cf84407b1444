/** What a client asked for, as the master keeps it: the `submit` message without its number, under the query's own name. */
import type { ClientMessage } from '../../protocol/session-messages.js';

type Submit = Extract<ClientMessage, { type: 'submit' }>;

export interface QuerySpec extends Omit<Submit, 'type' | 'ref'> {
  /** q1, q2, … */
  readonly queryId: string;
  /** SESSION:qN, as people name it. */
  readonly query: string;
}

export function querySpec(submit: Submit, sessionId: string, queryId: string): QuerySpec {
  const { type: _type, ref: _ref, ...rest } = submit;
  return { ...rest, queryId, query: `${sessionId}:${queryId}` };
}
