/** Files, collections and members of archives: the only module that knows the file table. */
import type Database from 'better-sqlite3';
import { derivedGuid, packChecksum, packGuid, unpackChecksum, unpackGuid } from './checksum.js';
import type { WordStore } from './word-store.js';

export const KINDS = ['file', 'collection', 'link'] as const;
export type FileKind = (typeof KINDS)[number];

export interface StoredFile {
  readonly id: number;
  readonly dir: number;
  readonly name: string;
  readonly kind: FileKind;
  readonly size: number | null;
  readonly checksum: string | null;
  readonly guid: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
  readonly created: number;
  readonly modified: number;
  readonly entries: number | null;
  readonly tree: string | null;
  /** The replica that lies in the file's own row. */
  readonly first: PackedReplica | null;
  /** Are there others, in the table of replicas? */
  readonly hasMore: boolean;
}

/** A replica as it is stored: directory of its URL, last part of it ('' where that is the file's name), element's id, 1 where bad. */
export interface PackedReplica {
  readonly part: number;
  readonly name: string;
  readonly se: number | null;
  readonly bad: number;
}

export interface FileFacts {
  readonly kind?: FileKind | undefined;
  readonly size?: number | undefined;
  readonly checksum?: string | undefined;
  readonly guid?: string | undefined;
  readonly entries?: number | undefined;
  readonly tree?: string | undefined;
}

/** Columns in the order of COLUMNS: rows are read as arrays and bytes as hexadecimal, a fraction of the cost of objects and buffers. */
type Row = [
  id: number,
  dir: number,
  name: string,
  kind: number,
  size: number | null,
  checksum: string,
  guid: string,
  owner: number,
  grp: number,
  mode: number,
  created: number,
  modified: number | null,
  entries: number | null,
  tree: number | null,
  part: number | null,
  last: string,
  se: number | null,
  bad: number,
  more: number,
];
const COLUMNS =
  'file.id, dir, name, kind, size, hex(checksum), hex(guid), owner, grp, mode, created, modified, entries, tree, part, last, se, bad, more';

/** A row as it is asked for: most look-ups want few of its fields. */
class FileRow implements StoredFile {
  readonly #row: Row;
  readonly #words: WordStore;
  readonly #identity: string;

  constructor(row: Row, words: WordStore, identity: string) {
    this.#row = row;
    this.#words = words;
    this.#identity = identity;
  }
  get id(): number {
    return this.#row[0];
  }
  get dir(): number {
    return this.#row[1];
  }
  get name(): string {
    return this.#row[2];
  }
  get kind(): FileKind {
    return KINDS[this.#row[3]]!;
  }
  get size(): number | null {
    return this.#row[4];
  }
  get checksum(): string | null {
    return this.#row[5] === '' ? null : unpackChecksum(this.#row[5]);
  }
  get guid(): string {
    return this.#row[6] === '' ? derivedGuid(this.#identity, this.id, this.created) : unpackGuid(this.#row[6]);
  }
  get owner(): string {
    return this.#words.text(this.#row[7]);
  }
  get group(): string {
    return this.#words.text(this.#row[8]);
  }
  get mode(): number {
    return this.#row[9];
  }
  get created(): number {
    return this.#row[10];
  }
  get modified(): number {
    return this.#row[11] ?? this.created;
  }
  get entries(): number | null {
    return this.#row[12];
  }
  get tree(): string | null {
    return this.#row[13] === null ? null : this.#words.text(this.#row[13]);
  }
  get first(): PackedReplica | null {
    const [part, name, se, bad] = [this.#row[14], this.#row[15], this.#row[16], this.#row[17]];
    return part === null ? null : { part, name, se, bad };
  }
  get hasMore(): boolean {
    return this.#row[18] === 1;
  }
}

export class FileStore {
  readonly #words: WordStore;
  readonly #identity: string;
  readonly #read: Database.Statement<[number], Row>;
  readonly #child: Database.Statement<[number, string], Row>;
  readonly #children: Database.Statement<[number, string, string, number], Row>;
  readonly #insert: Database.Statement<unknown[]>;
  readonly #change: Database.Statement<unknown[]>;
  readonly #learn: Database.Statement<unknown[]>;
  readonly #move: Database.Statement<[number, string, number, number]>;
  readonly #delete: Database.Statement<[number]>;
  readonly #sums: Database.Statement<[number], [number, number | null]>;
  readonly #named: Database.Statement<[string, string], Row>;
  readonly #lastId: Database.Statement<[], number>;
  #nextId: number | undefined;

  constructor(db: Database.Database, words: WordStore) {
    this.#words = words;
    this.#identity = db.prepare<[], string>("SELECT value FROM setting WHERE name = 'identity'").pluck().get()!;
    this.#read = db.prepare<[number], Row>(`SELECT ${COLUMNS} FROM file WHERE id = ?`).raw();
    this.#child = db.prepare<[number, string], Row>(`SELECT ${COLUMNS} FROM file WHERE dir = ? AND name = ?`).raw();
    this.#children = db
      .prepare<[number, string, string, number], Row>(
        `SELECT ${COLUMNS} FROM file WHERE dir = ? AND name > ? AND name < ? ORDER BY name LIMIT ?`,
      )
      .raw();
    this.#named = db
      .prepare<[string, string], Row>(
        `SELECT ${COLUMNS} FROM json_each(?) AS j CROSS JOIN file ON file.dir = j.value AND file.name = ?`,
      )
      .raw();
    this.#insert = db.prepare(
      'INSERT OR IGNORE INTO file (dir, name, id, kind, size, checksum, guid, owner, grp, mode, created, entries, tree, part, last, se)' +
        ' SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?' +
        " WHERE NOT EXISTS (SELECT 1 FROM directory WHERE parent = ? AND name = ? || '/')",
    );
    this.#change = db.prepare('UPDATE file SET owner = ?, grp = ?, mode = ?, modified = ? WHERE id = ?');
    this.#learn = db.prepare(
      'UPDATE file SET size = coalesce(?, size), checksum = coalesce(?, checksum), guid = coalesce(?, guid),' +
        ' entries = coalesce(?, entries), tree = coalesce(?, tree) WHERE id = ?',
    );
    this.#move = db.prepare('UPDATE file SET dir = ?, name = ?, modified = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM file WHERE id = ?');
    this.#lastId = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM file').pluck();
    this.#sums = db
      .prepare<[number], [number, number | null]>('SELECT count(*), sum(size) FROM file WHERE dir = ?')
      .raw();
  }

  get(id: number): StoredFile | undefined {
    return this.#stored(this.#read.get(id));
  }

  child(dir: number, name: string): StoredFile | undefined {
    return this.#stored(this.#child.get(dir, name));
  }

  /** The file of one name in each of many directories, by directory: one statement instead of many. */
  named(dirs: readonly number[], name: string): Map<number, StoredFile> {
    return new Map(this.#named.all(JSON.stringify(dirs), name).map((row) => [row[1], this.#stored(row)!]));
  }

  /** Those with `after` < name < `before`, bytewise. */
  children(dir: number, range: { after?: string; before?: string; limit: number }): StoredFile[] {
    return this.#children
      .all(dir, range.after ?? '', range.before ?? '\u{10ffff}', range.limit)
      .map((row) => this.#stored(row)!);
  }

  /** @param first its first replica. @returns its id; undefined where the directory has an entry of that name. @throws {BadNameError} of checksum or GUID */
  insert(
    place: { dir: number; name: string },
    facts: FileFacts,
    owned: { owner: number; group: number; mode: number },
    nowMs: number,
    first?: Omit<PackedReplica, 'bad'>,
  ): number | undefined {
    this.#nextId ??= this.#lastId.get()! + 1;
    const result = this.#insert.run(
      place.dir,
      place.name,
      this.#nextId,
      facts.kind === undefined ? 0 : KINDS.indexOf(facts.kind),
      facts.size ?? null,
      facts.checksum === undefined ? null : packChecksum(facts.checksum),
      facts.guid === undefined ? null : packGuid(facts.guid),
      owned.owner,
      owned.group,
      owned.mode,
      nowMs,
      facts.entries ?? null,
      facts.tree === undefined ? null : this.#words.intern(facts.tree),
      first?.part ?? null,
      first?.name ?? '',
      first?.se ?? null,
      place.dir,
      place.name,
    );
    return result.changes === 0 ? undefined : this.#nextId++;
  }

  /** Fills in what is given, keeps the rest. */
  learn(id: number, facts: FileFacts): void {
    const { size, checksum, guid, entries, tree } = facts;
    this.#learn.run(
      size ?? null,
      checksum === undefined ? null : packChecksum(checksum),
      guid === undefined ? null : packGuid(guid),
      entries ?? null,
      tree === undefined ? null : this.#words.intern(tree),
      id,
    );
  }

  change(id: number, owned: { owner: string; group: string; mode: number }, modifiedMs: number): void {
    this.#change.run(this.#words.intern(owned.owner), this.#words.intern(owned.group), owned.mode, modifiedMs, id);
  }

  move(id: number, dir: number, name: string, nowMs: number): void {
    this.#move.run(dir, name, nowMs, id);
  }

  delete(id: number): void {
    this.#delete.run(id);
  }

  /** Number and bytes of the files right in one directory. */
  sums(dir: number): { files: number; size: number } {
    const [files, size] = this.#sums.get(dir)!;
    return { files, size: size ?? 0 };
  }

  #stored(row: Row | undefined): StoredFile | undefined {
    return row === undefined ? undefined : new FileRow(row, this.#words, this.#identity);
  }
}
