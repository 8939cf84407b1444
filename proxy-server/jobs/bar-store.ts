/** Which nodes and sites get no jobs for a while, and how often that was so: what must be known after a restart. The only module that knows this table. */
import type Database from 'better-sqlite3';
import type { Logger } from '../../protocol/log.js';
import { surviving } from '../state-db.js';
import type { BarMemory, KeptBar } from './failure-rates.js';

export class BarStore implements BarMemory {
  readonly #db: Database.Database;
  readonly #log: Logger;

  constructor(db: Database.Database, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  all(): KeptBar[] {
    return this.#db.prepare<[], KeptBar>('SELECT key, kind, name, until, why, times FROM job_bar').all();
  }
  keep({ key, kind, name, until, why, times }: KeptBar): void {
    const statement = 'INSERT OR REPLACE INTO job_bar (key, kind, name, until, why, times) VALUES (?, ?, ?, ?, ?, ?)';
    surviving(this.#log, () => this.#db.prepare(statement).run(key, kind, name, until, why, times));
  }
  forgive(key: string): void {
    surviving(this.#log, () => this.#db.prepare('UPDATE job_bar SET times = 0 WHERE key = ?').run(key));
  }
}
