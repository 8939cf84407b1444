/** Ids and small shapes that several message files share. */
import { z } from 'zod';

/** Also a name of files: no word of a path. */
export const idText = z
  .string()
  .min(1)
  .max(128)
  .regex(/^(?!\.)(?!.*\.\.)[\w.:-]+$/);
export const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);
/** A count or an entry number: whole, not negative, exact as a double. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
export const errorShape = z.object({
  code: z.string().max(100),
  message: z.string().max(100_000),
  /** The user's own stack, source lines mapped back; never ours. */
  stack: z.string().max(100_000).optional(),
});
/** `{ run: "119000" }`: the --param of a query. */
export const params = z.record(z.string(), z.string());
/** What cli.md calls status; and the states before the end. */
export const queryState = z.enum(['submitted', 'running', 'completed', 'incomplete', 'stopped', 'failed', 'aborted']);
export type QueryState = z.infer<typeof queryState>;
export const FINAL_QUERY_STATES: readonly QueryState[] = ['completed', 'incomplete', 'stopped', 'failed', 'aborted'];

/** Also where it ended in a state that a later release has. */
export const isQueryOver = ({ state, endedAt }: { readonly state: string; readonly endedAt: number | null }): boolean =>
  endedAt !== null || FINAL_QUERY_STATES.some((final) => final === state);

/** `HOST-TIME-PID:qN` -> session and query number. */
export function splitQueryRef(ref: string): { sessionId: string; queryId: string } | undefined {
  const match = /^(.+):(q\d+)$/.exec(ref);
  return match === null ? undefined : { sessionId: match[1]!, queryId: match[2]! };
}
