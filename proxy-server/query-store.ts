/** Queries that run or have run, as their masters reported them. The only module that knows the query table. */
import type Database from 'better-sqlite3';
import type { QueryInfo } from '../protocol/api.js';
import { checked, parseJson } from '../protocol/check.js';
import type { QueryRecord } from '../protocol/control-messages.js';
import { FINAL_QUERY_STATES, queryState } from '../protocol/ids.js';
import { entryCounts } from '../protocol/session-messages.js';

interface QueryRow {
  query: string;
  session_id: string;
  user: string;
  title: string;
  state: string;
  entries: string;
  submitted_at: number;
  ended_at: number | null;
}

export class QueryStore {
  readonly #db: Database.Database;
  constructor(db: Database.Database) {
    this.#db = db;
  }

  put(owner: { sessionId: string; user: string }, record: QueryRecord): void {
    this.#db
      .prepare(
        `INSERT INTO query (query, session_id, user, title, state, entries, submitted_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (query) DO UPDATE SET
           title = excluded.title, state = excluded.state, entries = excluded.entries, ended_at = excluded.ended_at`,
      )
      .run(
        record.query,
        owner.sessionId,
        owner.user,
        record.title,
        record.state,
        JSON.stringify(record.entries),
        record.submittedAt,
        record.endedAt,
      );
  }
  get(query: string): QueryInfo | undefined {
    const row = this.#db.prepare<[string], QueryRow>('SELECT * FROM query WHERE query = ?').get(query);
    return row === undefined ? undefined : fromRow(row);
  }
  /** Newest last; of one user, or of all. */
  list(user: string | null): QueryInfo[] {
    return this.#db
      .prepare<{ user: string | null }, QueryRow>(
        'SELECT * FROM query WHERE @user IS NULL OR user = @user ORDER BY submitted_at, query',
      )
      .all({ user })
      .map(fromRow);
  }
  /** What still ran when its session ended is aborted: nobody goes on with it. */
  abortOpen(sessionId: string, nowMs: number): void {
    this.#db
      .prepare(
        `UPDATE query SET state = 'aborted', ended_at = ? WHERE session_id = ?
           AND state NOT IN (${FINAL_QUERY_STATES.map(() => '?').join(', ')})`,
      )
      .run(nowMs, sessionId, ...FINAL_QUERY_STATES);
  }
  remove(query: string): void {
    this.#db.prepare('DELETE FROM query WHERE query = ?').run(query);
  }
  prune(beforeMs: number): string[] {
    return this.#db
      .prepare<[number], { query: string }>('DELETE FROM query WHERE ended_at < ? RETURNING query')
      .all(beforeMs)
      .map((row) => row.query);
  }
}

function fromRow(row: QueryRow): QueryInfo {
  return {
    query: row.query,
    sessionId: row.session_id,
    user: row.user,
    title: row.title,
    state: checked(queryState, row.state, 'query record'),
    entries: checked(entryCounts, parseJson(row.entries), 'query record'),
    submittedAt: row.submitted_at,
    endedAt: row.ended_at,
  };
}
