/** Sessions: whose, where their master is, how they ended. The only module that knows the session table. */
import type Database from 'better-sqlite3';

export interface SessionRecord {
  readonly sessionId: string;
  readonly user: string;
  readonly title: string;
  readonly state: 'starting' | 'running' | 'ended';
  readonly directory: string;
  readonly socket: string;
  /** The master's process, by id and start time. */
  readonly pid: number;
  readonly pidStart: string | null;
  readonly maxWorkers: number | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly why: string | null;
}

const COLUMNS = `session_id AS sessionId, user, title, state, directory, socket, pid, pid_start AS pidStart,
  max_workers AS maxWorkers, started_at AS startedAt, ended_at AS endedAt, why`;

export class SessionStore {
  readonly #db: Database.Database;
  constructor(db: Database.Database) {
    this.#db = db;
  }

  add(session: SessionRecord): void {
    this.#db
      .prepare(
        `INSERT INTO session (session_id, user, title, state, directory, socket, pid, pid_start, max_workers, started_at)
         VALUES (@sessionId, @user, @title, @state, @directory, @socket, @pid, @pidStart, @maxWorkers, @startedAt)`,
      )
      .run(session);
  }
  /** Its master was started again, as another process. */
  moved(sessionId: string, process: { pid: number; pidStart: string | null; socket: string }): void {
    this.#db
      .prepare('UPDATE session SET pid = ?, pid_start = ?, socket = ? WHERE session_id = ?')
      .run(process.pid, process.pidStart, process.socket, sessionId);
  }
  running(sessionId: string): void {
    this.#db.prepare(`UPDATE session SET state = 'running' WHERE session_id = ? AND state = 'starting'`).run(sessionId);
  }
  end(sessionId: string, why: string, nowMs: number): void {
    this.#db
      .prepare(`UPDATE session SET state = 'ended', ended_at = ?, why = ? WHERE session_id = ? AND state <> 'ended'`)
      .run(nowMs, why, sessionId);
  }
  get(sessionId: string): SessionRecord | undefined {
    return this.#db
      .prepare<[string], SessionRecord>(`SELECT ${COLUMNS} FROM session WHERE session_id = ?`)
      .get(sessionId);
  }
  open(): SessionRecord[] {
    return this.#db
      .prepare<[], SessionRecord>(`SELECT ${COLUMNS} FROM session WHERE state <> 'ended' ORDER BY started_at`)
      .all();
  }
  /** The living, and those that ended since. */
  since(ms: number): SessionRecord[] {
    return this.#db
      .prepare<[number], SessionRecord>(
        `SELECT ${COLUMNS} FROM session WHERE state <> 'ended' OR ended_at >= ? ORDER BY started_at`,
      )
      .all(ms);
  }
  /** Forgets sessions that ended before and of which no query is kept; their directories are the caller's to remove. */
  prune(beforeMs: number): { sessionId: string; directory: string }[] {
    return this.#db
      .prepare<[number], { sessionId: string; directory: string }>(
        `DELETE FROM session WHERE state = 'ended' AND ended_at < ?
           AND NOT EXISTS (SELECT 1 FROM query WHERE query.session_id = session.session_id)
         RETURNING session_id AS sessionId, directory`,
      )
      .all(beforeMs);
  }
}
