/** Tags: which are defined where, and the values of directories and files. The only module that knows the tag tables. */
import type Database from 'better-sqlite3';

export const TAG_TYPES = ['int', 'float', 'string', 'bool', 'time'] as const;
export type TagType = (typeof TAG_TYPES)[number];
export type TagHolder = { readonly dir: number; readonly file: null } | { readonly dir: null; readonly file: number };

/** Values of one tag in a range of the index; numbers and texts are ordered apart. */
export interface TagRange {
  readonly name: string;
  readonly kind: 'number' | 'text';
  readonly low: string | number | null;
  readonly high: string | number | null;
}

export interface StoredTag {
  readonly name: string;
  readonly value: string | number;
}

export class TagStore {
  readonly #types: Database.Statement<[number], { name: string; type: TagType }>;
  readonly #define: Database.Statement<[number, string, string]>;
  readonly #undefine: Database.Statement<[number, string]>;
  readonly #ofDirectory: Database.Statement<[number], StoredTag>;
  readonly #ofFile: Database.Statement<[number], StoredTag>;
  readonly #setDirectory: Database.Statement<[string, string | number, number]>;
  readonly #setFile: Database.Statement<[string, string | number, number]>;
  readonly #dropDirectory: Database.Statement<[number, string]>;
  readonly #dropFile: Database.Statement<[number, string]>;
  readonly #range: Database.Statement<unknown[], TagHolder>;
  readonly #anyOnFiles: Database.Statement<[], number>;
  readonly #isKnown: Database.Statement<[string, string], number>;
  readonly #typesOf: Database.Statement<[string], TagType>;
  readonly #names: Database.Statement<[], string>;
  readonly #definedAt: Database.Statement<[string, number], number>;
  readonly #count: Database.Statement<unknown[], number>;

  constructor(db: Database.Database) {
    this.#types = db.prepare('SELECT name, type FROM tag WHERE dir = ? ORDER BY name');
    this.#define = db.prepare('INSERT OR REPLACE INTO tag (dir, name, type) VALUES (?, ?, ?)');
    this.#undefine = db.prepare('DELETE FROM tag WHERE dir = ? AND name = ?');
    this.#ofDirectory = db.prepare('SELECT name, value FROM tag_value WHERE dir = ? ORDER BY name');
    this.#ofFile = db.prepare('SELECT name, value FROM tag_value WHERE file = ? ORDER BY name');
    this.#setDirectory = db.prepare(
      'INSERT INTO tag_value (name, value, dir) VALUES (?, ?, ?)' +
        ' ON CONFLICT (dir, name) WHERE dir IS NOT NULL DO UPDATE SET value = excluded.value',
    );
    this.#setFile = db.prepare(
      'INSERT INTO tag_value (name, value, file) VALUES (?, ?, ?)' +
        ' ON CONFLICT (file, name) WHERE file IS NOT NULL DO UPDATE SET value = excluded.value',
    );
    this.#dropDirectory = db.prepare('DELETE FROM tag_value WHERE dir = ? AND name = ?');
    this.#dropFile = db.prepare('DELETE FROM tag_value WHERE file = ? AND name = ?');
    this.#anyOnFiles = db.prepare<[], number>('SELECT 1 FROM tag_value WHERE file IS NOT NULL LIMIT 1').pluck();
    this.#isKnown = db
      .prepare<[string, string], number>(
        'SELECT EXISTS (SELECT 1 FROM tag_value WHERE name = ?) OR EXISTS (SELECT 1 FROM tag WHERE name = ?)',
      )
      .pluck();
    this.#typesOf = db.prepare<[string], TagType>('SELECT DISTINCT type FROM tag WHERE name = ? ORDER BY type').pluck();
    this.#names = db.prepare<[], string>('SELECT DISTINCT name FROM tag ORDER BY name').pluck();
    this.#definedAt = db.prepare<[string, number], number>('SELECT dir FROM tag WHERE name = ? LIMIT ?').pluck();
    const where = 'FROM tag_value WHERE name = ? AND value >= ? AND value <= ?';
    this.#range = db.prepare(`SELECT dir, file ${where}`);
    this.#count = db.prepare<unknown[], number>(`SELECT count(*) FROM (SELECT 1 ${where} LIMIT ?)`).pluck();
  }

  definitions(dir: number): { name: string; type: TagType }[] {
    return this.#types.all(dir);
  }

  define(dir: number, name: string, type: TagType): void {
    this.#define.run(dir, name, type);
  }

  /** @returns whether it was defined there */
  undefine(dir: number, name: string): boolean {
    return this.#undefine.run(dir, name).changes > 0;
  }

  values(holder: TagHolder): StoredTag[] {
    return holder.file === null ? this.#ofDirectory.all(holder.dir) : this.#ofFile.all(holder.file);
  }

  /** Does anything have it, or any directory define it? */
  isKnown(name: string): boolean {
    return this.#isKnown.get(name, name) === 1;
  }

  /** All types that directories define it with. */
  types(name: string): TagType[] {
    return this.#typesOf.all(name);
  }

  /** Of all tags that any directory defines. */
  names(): string[] {
    return this.#names.all();
  }

  /** Directories that define it, at most `limit` of them. */
  definedAt(name: string, limit: number): number[] {
    return this.#definedAt.all(name, limit);
  }

  /** Does any file at all have a tag of its own? */
  anyOnFiles(): boolean {
    return this.#anyOnFiles.get() !== undefined;
  }

  set(holder: TagHolder, name: string, value: string | number): void {
    if (holder.file === null) this.#setDirectory.run(name, value, holder.dir);
    else this.#setFile.run(name, value, holder.file);
  }

  /** @returns whether it had the tag */
  drop(holder: TagHolder, name: string): boolean {
    const result =
      holder.file === null ? this.#dropDirectory.run(holder.dir, name) : this.#dropFile.run(holder.file, name);
    return result.changes > 0;
  }

  /** Directories and files whose own value is in the range. */
  holders(range: TagRange): TagHolder[] {
    return this.#range.all(...bounds(range));
  }

  /** How many there are, counted up to `limit`. */
  count(range: TagRange, limit: number): number {
    return this.#count.get(...bounds(range), limit) ?? 0;
  }
}

/** In SQLite numbers sort before texts, and texts before blobs: an open end is the border of the kind. */
function bounds({ name, kind, low, high }: TagRange): [string, unknown, unknown] {
  if (kind === 'number') return [name, low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY];
  return [name, low ?? '', high ?? Buffer.alloc(0)];
}
