/** Files that are copied to storage elements of sites. The only module that knows the table; it is the copier's queue as well. */
import type Database from 'better-sqlite3';
import type { CopyState } from '../../protocol/api.js';
import type { WantedCopy } from './plan-copies.js';

export interface SiteCopy {
  readonly requestId: string;
  readonly site: string;
  readonly lfn: string;
  /** With whose rights the file is looked up. */
  readonly user: string;
  readonly se: string;
  readonly bytes: number;
}

interface CopyRow {
  request_id: string;
  site: string;
  lfn: string;
  user: string;
  se: string;
  bytes: number;
}

/** A file that several requests want counts once. */
const SUMS = `SELECT site, se, COUNT(DISTINCT CASE state WHEN 'waiting' THEN lfn END) waiting,
  COUNT(DISTINCT CASE state WHEN 'copied' THEN lfn END) copied, COUNT(DISTINCT CASE state WHEN 'failed' THEN lfn END) failed,
  (SELECT COALESCE(SUM(bytes), 0) FROM (SELECT DISTINCT lfn, bytes FROM site_copy b
    WHERE b.site = a.site AND b.se = a.se AND b.state <> 'failed' AND (:request IS NULL OR b.request_id = :request))) bytes,
  (SELECT message FROM site_copy c WHERE c.site = a.site AND c.se = a.se AND c.state = 'failed'
    AND (:request IS NULL OR c.request_id = :request) ORDER BY c.rowid DESC LIMIT 1) message
  FROM site_copy a WHERE (:request IS NULL OR request_id = :request) AND (:site IS NULL OR site = :site) GROUP BY site, se`;

export class CopyStore {
  readonly #db: Database.Database;
  readonly #next: Database.Statement<[number], CopyRow>;
  readonly #sums: Database.Statement<[{ request: string | null; site: string | null }], CopyState>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#next = db.prepare(
      `SELECT c.* FROM site_copy c JOIN request r USING (request_id) WHERE c.state = 'waiting' AND r.expires_at > ?
       ORDER BY c.made_at, c.rowid LIMIT 1`,
    );
    this.#sums = db.prepare(SUMS);
  }

  add(of: Omit<SiteCopy, 'lfn' | 'bytes'>, wanted: readonly WantedCopy[], madeAt: number): void {
    const insert = this.#db.prepare("INSERT INTO site_copy VALUES (?, ?, ?, ?, ?, ?, 'waiting', NULL, ?)");
    this.#db.transaction(() => {
      for (const { lfn, bytes } of wanted) insert.run(of.requestId, of.site, lfn, of.user, of.se, bytes, madeAt);
    })();
  }

  /** The oldest that waits and whose request stands. */
  next(nowMs: number): SiteCopy | undefined {
    const row = this.#next.get(nowMs);
    if (row === undefined) return undefined;
    const { request_id: requestId, site, lfn, user, se, bytes } = row;
    return { requestId, site, lfn, user, se, bytes };
  }

  settle({ requestId, site, lfn }: SiteCopy, state: 'copied' | 'failed', message: string | null): void {
    this.#db
      .prepare('UPDATE site_copy SET state = ?, message = ? WHERE request_id = ? AND site = ? AND lfn = ?')
      .run(state, message, requestId, site, lfn);
    if (state === 'copied')
      this.#db.prepare("DELETE FROM site_copy WHERE site = ? AND lfn = ? AND state = 'failed'").run(site, lfn); // no longer true
  }

  /** Bytes by LFN that count at an element: what was copied there, or waits for it. */
  counted(site: string, se: string): Map<string, number> {
    const rows = this.#db
      .prepare<[string, string], { lfn: string; bytes: number }>(
        "SELECT DISTINCT lfn, bytes FROM site_copy WHERE site = ? AND se = ? AND state <> 'failed'",
      )
      .all(site, se);
    return new Map(rows.map(({ lfn, bytes }) => [lfn, bytes]));
  }

  ofRequest(request: string): CopyState[] {
    return this.#sums.all({ request, site: null });
  }
  ofSite(site: string): CopyState[] {
    return this.#sums.all({ request: null, site });
  }

  /** The request is withdrawn: what waits for it stays where it is. */
  withdraw(requestId: string): void {
    this.#db.prepare("DELETE FROM site_copy WHERE request_id = ? AND state = 'waiting'").run(requestId);
  }
  /** What was copied counts on; the rest is history. */
  prune(beforeMs: number): void {
    this.#db.prepare("DELETE FROM site_copy WHERE state <> 'copied' AND made_at < ?").run(beforeMs);
  }
}
