/** Workers that were asked for ahead of sessions. The only module that knows the request table. */
import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { SitePlace } from './data-places.js';

export interface PoolRequest {
  readonly requestId: string;
  readonly user: string;
  /** DATASET words. */
  readonly dataset: readonly string[];
  readonly workers: number;
  readonly sites: readonly SitePlace[];
  /** ms since 1970. */
  readonly madeAt: number;
  readonly expiresAt: number;
}

interface RequestRow {
  request_id: string;
  user: string;
  dataset: string;
  workers: number;
  sites: string;
  made_at: number;
  expires_at: number;
}

const words = z.array(z.string());
const places = z.array(
  z.object({ site: z.string(), files: z.number(), bytes: z.number(), leftOut: z.string().optional() }),
);

export class RequestStore {
  readonly #db: Database.Database;
  readonly #alive: Database.Statement<[number], RequestRow>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#alive = db.prepare('SELECT * FROM request WHERE expires_at > ? ORDER BY made_at, request_id');
  }

  add({ requestId, user, dataset, workers, sites, madeAt, expiresAt }: PoolRequest): void {
    this.#db
      .prepare('INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(requestId, user, JSON.stringify(dataset), workers, JSON.stringify(sites), madeAt, expiresAt);
  }

  /** Those that have not expired, the oldest first. */
  alive(nowMs: number): PoolRequest[] {
    return this.#alive.all(nowMs).map((row) => ({
      requestId: row.request_id,
      user: row.user,
      dataset: words.parse(JSON.parse(row.dataset)),
      workers: row.workers,
      sites: places.parse(JSON.parse(row.sites)),
      madeAt: row.made_at,
      expiresAt: row.expires_at,
    }));
  }

  setSites(requestId: string, sites: readonly SitePlace[]): void {
    this.#db.prepare('UPDATE request SET sites = ? WHERE request_id = ?').run(JSON.stringify(sites), requestId);
  }
  remove(requestId: string): void {
    this.#db.prepare('DELETE FROM request WHERE request_id = ?').run(requestId);
  }
  prune(beforeMs: number): void {
    this.#db.prepare('DELETE FROM request WHERE expires_at < ?').run(beforeMs);
  }
}
