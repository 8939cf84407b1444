/** What must be known of a site after a restart: its back-off, and whether it is banned. The only module that knows the site table. */
import type Database from 'better-sqlite3';
import { type BackOffState, NO_BACK_OFF } from './factory/back-off.js';

export class SiteStore {
  readonly #db: Database.Database;
  constructor(db: Database.Database) {
    this.#db = db;
  }

  backOff(name: string): BackOffState {
    const row = this.#db
      .prepare<[string], BackOffState>(
        'SELECT failures, back_off_until AS until, last_failure AS lastFailure FROM site WHERE name = ?',
      )
      .get(name);
    return row ?? NO_BACK_OFF;
  }

  /** Why an operator has closed it; null: it is open. */
  banned(name: string): string | null {
    return (
      this.#db.prepare<[string], { banned: string | null }>('SELECT banned FROM site WHERE name = ?').get(name)
        ?.banned ?? null
    );
  }

  setBanned(name: string, why: string | null): void {
    this.#db
      .prepare(
        `INSERT INTO site (name, failures, banned) VALUES (?, 0, ?) ON CONFLICT (name) DO UPDATE SET banned = excluded.banned`,
      )
      .run(name, why);
  }

  setBackOff(name: string, state: BackOffState): void {
    this.#db
      .prepare(
        `INSERT INTO site (name, failures, back_off_until, last_failure) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET
           failures = excluded.failures, back_off_until = excluded.back_off_until, last_failure = excluded.last_failure`,
      )
      .run(name, state.failures, state.until, state.lastFailure);
  }
}
