/**
 * A number in the file that grows with every change that makes cached paths or elements untrue: a rename, a removal, other rights,
 * another element. New names do not count, so that a registration of a million files leaves the readers' caches alone.
 */
import type Database from 'better-sqlite3';

export class Epoch {
  readonly #read: Database.Statement<[], string>;
  readonly #grow: Database.Statement<[]>;

  constructor(db: Database.Database) {
    this.#read = db.prepare<[], string>("SELECT value FROM setting WHERE name = 'epoch'").pluck();
    this.#grow = db.prepare("UPDATE setting SET value = CAST(value + 1 AS TEXT) WHERE name = 'epoch'");
  }

  read(): string {
    return this.#read.get()!;
  }

  grow(): void {
    this.#grow.run();
  }
}
