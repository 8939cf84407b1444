/** What a client asked for, as the master keeps it (query.json): the `submit` message without its number, under the query's own name. */
import { z } from 'zod';
import { count, idText } from '../../protocol/ids.js';
import { submitMessage } from '../../protocol/session-messages.js';

export const querySpecShape = submitMessage.omit({ type: true, ref: true }).extend({
  /** q1, q2, … */
  queryId: idText,
  /** SESSION:qN, as people name it. */
  query: z.string(),
  /** ms since 1970. */
  submittedAt: count,
});
export type QuerySpec = z.infer<typeof querySpecShape>;

export function querySpec(
  submit: z.infer<typeof submitMessage>,
  under: { sessionId: string; queryId: string; submittedAt: number },
): QuerySpec {
  const { type: _type, ref: _ref, ...rest } = submit;
  const { sessionId, queryId, submittedAt } = under;
  return { ...rest, queryId, submittedAt, query: `${sessionId}:${queryId}` };
}
