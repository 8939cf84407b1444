/**
 * URLs of directories as a tree of parts: `root://se//alice/` is `root://se/`, `/`, `alice/`. A million replicas of one
 * directory share its parts. Parts are never deleted or changed, so both caches stay true for ever (but for a rollback).
 */
import type Database from 'better-sqlite3';

const CACHED = 200_000;

export class UrlPartStore {
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>([[0, '']]);
  readonly #find: Database.Statement<[number, string], number>;
  readonly #read: Database.Statement<[number], { parent: number; name: string }>;
  readonly #insert: Database.Statement<[number, string]>;
  readonly #readMany: Database.Statement<[string], { id: number; parent: number; name: string }>;

  constructor(db: Database.Database) {
    this.#find = db.prepare<[number, string], number>('SELECT id FROM url_part WHERE parent = ? AND name = ?').pluck();
    this.#read = db.prepare('SELECT parent, name FROM url_part WHERE id = ?');
    this.#readMany = db.prepare(
      `WITH RECURSIVE up (id, parent, name) AS (
         SELECT p.id, p.parent, p.name FROM json_each(?) AS j CROSS JOIN url_part AS p ON p.id = j.value
         UNION SELECT p.id, p.parent, p.name FROM up CROSS JOIN url_part AS p ON p.id = up.parent WHERE up.parent > 0)
       SELECT id, parent, name FROM up`,
    );
    this.#insert = db.prepare('INSERT INTO url_part (parent, name) VALUES (?, ?)');
  }

  /** Number of the URL of a directory, which ends in `/`; stored if it is new. */
  intern(prefix: string): number {
    const found = this.#lookUp(prefix, true);
    return found as number;
  }

  /** undefined where no replica has ever been below it */
  find(prefix: string): number | undefined {
    return this.#lookUp(prefix, false);
  }

  #lookUp(prefix: string, make: boolean): number | undefined {
    if (prefix === '') return 0;
    const cached = this.#ids.get(prefix);
    if (cached !== undefined) return cached;
    const cut = prefix.lastIndexOf('/', prefix.length - 2) + 1;
    const isRoot = cut === 0 || prefix[cut - 2] === '/' || prefix[cut - 2] === ':'; // inside `scheme://`
    const parentText = isRoot && prefix.indexOf('://') + 3 >= cut ? '' : prefix.slice(0, cut);
    const parent = this.#lookUp(parentText, make);
    if (parent === undefined) return undefined;
    const name = prefix.slice(parentText.length);
    let id = this.#find.get(parent, name);
    if (id === undefined) {
      if (!make) return undefined;
      id = Number(this.#insert.run(parent, name).lastInsertRowid);
    }
    if (this.#ids.size >= CACHED) this.#ids.clear();
    this.#ids.set(prefix, id);
    return id;
  }

  /** Reads many at once, so that `text` finds them. */
  load(ids: readonly number[]): void {
    const missing = new Set(ids.filter((id) => !this.#texts.has(id)));
    if (missing.size < 2) return;
    const rows = new Map(this.#readMany.all(JSON.stringify([...missing])).map((row) => [row.id, row]));
    if (this.#texts.size + rows.size > CACHED) this.forget();
    const textOf = (id: number): string => {
      const known = this.#texts.get(id);
      if (known !== undefined) return known;
      const row = rows.get(id);
      if (row === undefined) return this.text(id);
      const text = textOf(row.parent) + row.name;
      this.#texts.set(id, text);
      return text;
    };
    for (const id of missing) textOf(id);
  }

  /** The URL of a directory by its number. */
  text(id: number): string {
    const cached = this.#texts.get(id);
    if (cached !== undefined) return cached;
    const row = this.#read.get(id);
    if (row === undefined) return '';
    const text = this.text(row.parent) + row.name;
    if (this.#texts.size >= CACHED) {
      this.#texts.clear();
      this.#texts.set(0, '');
    }
    this.#texts.set(id, text);
    return text;
  }

  forget(): void {
    this.#ids.clear();
    this.#texts.clear();
    this.#texts.set(0, '');
  }
}
