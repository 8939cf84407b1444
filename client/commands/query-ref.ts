/** How people name a query: `q3` (of the newest session that has one) or the whole `SESSION:q3`. */
import { UsageError } from '../../protocol/errors.js';
import { splitQueryRef } from '../../protocol/ids.js';
import { didYouMean } from '../../protocol/nearest.js';
import type { ServerApi } from '../server-api.js';

/** @throws {UsageError} where nothing has that name */
export async function fullRef(api: ServerApi, ref: string): Promise<string> {
  if (splitQueryRef(ref) !== undefined) return ref;
  const queries = await api.queries();
  const newest = queries
    .filter(({ query }) => query.endsWith(`:${ref}`))
    .sort((a, b) => b.submittedAt - a.submittedAt)[0];
  if (newest !== undefined) return newest.query;
  const known = queries.map(({ query }) => query);
  throw new UsageError(`No query ${ref} on ${api.host.name}.${didYouMean(ref, known) || ' See "proof queries".'}`);
}
