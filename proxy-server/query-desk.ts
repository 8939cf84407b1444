/** Queries for whoever asks: the list, one, its result, stop, abort and remove. Users see and touch their own, operators see all. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueryInfo } from '../protocol/api.js';
import { checked, parseJson } from '../protocol/check.js';
import { GridError } from '../protocol/errors.js';
import { encodeFrame } from '../protocol/frame.js';
import { FINAL_QUERY_STATES, splitQueryRef } from '../protocol/ids.js';
import { didYouMean } from '../protocol/nearest.js';
import { queryResult } from '../protocol/session-messages.js';
import type { Identity } from '../protocol/tokens.js';
import { requireRole } from './identity.js';
import type { QueryStore } from './query-store.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';

export class NoSuchQueryError extends GridError {
  readonly code = 'PROXY_NO_SUCH_QUERY';
}
/** The query is not in a state for that. */
export class QueryStateError extends GridError {
  readonly code = 'PROXY_QUERY_STATE';
}

export class QueryDesk {
  readonly #queries: QueryStore;
  readonly #records: SessionStore;
  readonly #sessions: Sessions;

  constructor(parts: { queries: QueryStore; records: SessionStore; sessions: Sessions }) {
    this.#queries = parts.queries;
    this.#records = parts.records;
    this.#sessions = parts.sessions;
  }

  list(identity: Identity): QueryInfo[] {
    return this.#queries.list(identity.role === 'user' ? identity.user : null);
  }

  /** @throws {NoSuchQueryError} also for another user's: what one may not see does not exist */
  get(identity: Identity, ref: string): QueryInfo {
    const query = this.#queries.get(ref);
    if (query !== undefined && (identity.role !== 'user' || query.user === identity.user)) return query;
    const known = this.list(identity).map((q) => q.query);
    throw new NoSuchQueryError(`There is no query ${ref}.${didYouMean(ref, known)} "proof queries" lists them.`);
  }

  /** All that the end of the query on a client needs: MessagePack, `keptResult` of protocol/session-messages.ts. */
  async result(identity: Identity, ref: string): Promise<Buffer> {
    const query = this.get(identity, ref);
    if (!FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(
        `Query ${ref} is ${query.state}: there is no result yet. "proof retrieve" waits for it.`,
      );
    const directory = this.#directory(query);
    const file = directory === undefined ? undefined : join(directory, 'result.json');
    if (directory === undefined || file === undefined || !existsSync(file))
      throw new QueryStateError(`Query ${ref} is ${query.state} and left no result. Run it again.`);
    const result = checked(queryResult, parseJson(await readFile(file, 'utf8'), file), file);
    const state = await readFile(join(directory, 'state.bin'));
    const code = await readFile(join(directory, '..', 'programs', result.program.sha256));
    return Buffer.from(encodeFrame({ result, state: new Uint8Array(state), code: new Uint8Array(code) }));
  }

  tell(identity: Identity, ref: string, what: 'stopQuery' | 'abortQuery'): void {
    const query = this.get(identity, ref);
    if (query.user !== identity.user) requireRole(identity, 'operator');
    const parts = splitQueryRef(ref);
    if (parts === undefined || FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(`Query ${ref} is over (${query.state}): there is nothing to stop.`);
    this.#sessions.get(parts.sessionId).link?.send({ type: what, queryId: parts.queryId });
  }

  /** Forgets a query that is over, with its result. */
  async remove(identity: Identity, ref: string): Promise<void> {
    const query = this.get(identity, ref);
    if (query.user !== identity.user) requireRole(identity, 'admin');
    if (!FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(
        `Query ${ref} is ${query.state}. Stop it with "proof abort ${ref}" before you remove it.`,
      );
    const directory = this.#directory(query);
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    this.#queries.remove(ref);
  }

  #directory(query: QueryInfo): string | undefined {
    const parts = splitQueryRef(query.query);
    const session = this.#records.get(query.sessionId);
    return parts === undefined || session === undefined ? undefined : join(session.directory, parts.queryId);
  }
}
