/**
 * Directories: the tree. The only module that knows the directory table; resolved paths are cached until anything changes.
 *
 * A directory's row holds its own name and its parent, so a rename is one row. Names in the table end in `/` (see migrations.ts).
 */
import type Database from 'better-sqlite3';
import type { Caller, Owned } from '../permissions.js';
import { mayAccess } from '../permissions.js';
import type { WordStore } from './word-store.js';

export interface Directory extends Owned {
  readonly id: number;
  readonly parent: Directory | null;
  readonly name: string;
  /** Canonical; of a removed directory the one it had. */
  readonly path: string;
  readonly created: number;
  readonly modified: number;
  /** It and all above it may be entered by anybody: spares the walk up in the common case. */
  readonly isOpen: boolean;
  readonly isRemoved: boolean;
}

interface Row {
  id: number;
  parent: number | null;
  name: string;
  owner: number;
  grp: number;
  mode: number;
  created: number;
  modified: number | null;
}

export const ROOT_ID = 1;
/** Parent of directories that are being deleted. */
export const REMOVED_ID = 3;
const CACHED = 100_000;
const COLUMNS = 'id, parent, name, owner, grp, mode, created, modified';

export class DirectoryStore {
  readonly #byPath = new Map<string, Directory>();
  readonly #byId = new Map<number, Directory>();
  readonly #words: WordStore;
  readonly #read: Database.Statement<[number], Row>;
  readonly #child: Database.Statement<[number, string], Row>;
  readonly #children: Database.Statement<[number, string, string, number], Row>;
  readonly #removedPath: Database.Statement<[number], { path: string }>;
  readonly #insert: Database.Statement<[number, string, number, number, number, number]>;
  readonly #move: Database.Statement<[number, string, number]>;
  readonly #change: Database.Statement<[number, number, number, number, number]>;
  readonly #markRemoved: Database.Statement<[number, string]>;

  constructor(db: Database.Database, words: WordStore) {
    this.#words = words;
    this.#read = db.prepare(`SELECT ${COLUMNS} FROM directory WHERE id = ?`);
    this.#child = db.prepare(`SELECT ${COLUMNS} FROM directory WHERE parent = ? AND name = ?`);
    this.#children = db.prepare(
      `SELECT ${COLUMNS} FROM directory WHERE parent = ? AND name > ? AND name < ? ORDER BY name LIMIT ?`,
    );
    this.#removedPath = db.prepare('SELECT path FROM removed_directory WHERE dir = ?');
    this.#insert = db.prepare(
      'INSERT INTO directory (parent, name, owner, grp, mode, created) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#move = db.prepare('UPDATE directory SET parent = ?, name = ? WHERE id = ?');
    this.#change = db.prepare('UPDATE directory SET owner = ?, grp = ?, mode = ?, modified = ? WHERE id = ?');
    this.#markRemoved = db.prepare('INSERT INTO removed_directory VALUES (?, ?)');
  }

  /** By canonical path; undefined where there is none. */
  resolve(path: string): Directory | undefined {
    const cached = this.#byPath.get(path);
    if (cached !== undefined) return cached;
    if (path === '/') return this.get(ROOT_ID);
    const at = path.lastIndexOf('/');
    const parent = this.resolve(at === 0 ? '/' : path.slice(0, at));
    return parent === undefined ? undefined : this.child(parent, path.slice(at + 1));
  }

  child(parent: Directory, name: string): Directory | undefined {
    const path = parent.id === ROOT_ID ? `/${name}` : `${parent.path}/${name}`;
    const cached = this.#byPath.get(path);
    if (cached !== undefined && !parent.isRemoved) return cached;
    const row = this.#child.get(parent.id, `${name}/`);
    return row === undefined ? undefined : this.#remember(row, parent);
  }

  get(id: number): Directory {
    const cached = this.#byId.get(id);
    if (cached !== undefined) return cached;
    const row = this.#read.get(id)!;
    return this.#remember(row, row.parent === null ? null : this.get(row.parent));
  }

  /** Subdirectories with `after` < name + "/" < `before` in bytewise order of name + "/". */
  children(parent: Directory, range: { after?: string; before?: string; limit: number }): Directory[] {
    return this.#children
      .all(parent.id, range.after ?? '', range.before ?? '\u{10ffff}', range.limit)
      .map((row) => this.#remember(row, parent));
  }

  insert(parent: Directory, name: string, owned: Owned, nowMs: number): Directory {
    const { owner, group, mode } = owned;
    const id = this.#insert.run(
      parent.id,
      `${name}/`,
      this.#words.intern(owner),
      this.#words.intern(group),
      mode,
      nowMs,
    ).lastInsertRowid;
    return this.get(Number(id));
  }

  move(directory: Directory, parent: Directory, name: string): void {
    this.#move.run(parent.id, `${name}/`, directory.id);
    this.forget();
  }

  /** Takes it out of the tree with all below it; what becomes of that: operations/purge.ts. */
  detach(directory: Directory): void {
    this.#markRemoved.run(directory.id, directory.path);
    this.#move.run(REMOVED_ID, `${directory.id}/`, directory.id);
    this.forget();
  }

  change(directory: Directory, owned: Owned, modifiedMs: number): void {
    const owner = this.#words.intern(owned.owner);
    const group = this.#words.intern(owned.group);
    this.#change.run(owner, group, owned.mode, modifiedMs, directory.id);
    this.forget();
  }

  /** May the caller walk down to it? */
  mayEnter(caller: Caller, directory: Directory): boolean {
    if (directory.isOpen || caller.isAdmin) return true;
    for (let at: Directory | null = directory; at !== null; at = at.parent)
      if (!mayAccess(caller, at, 'enter')) return false;
    return true;
  }

  forget(): void {
    this.#byPath.clear();
    this.#byId.clear();
  }

  #remember(row: Row, parent: Directory | null): Directory {
    const name = row.name.slice(0, -1);
    const removedRoot = parent?.id === REMOVED_ID;
    const path = removedRoot ? (this.#removedPath.get(row.id)?.path ?? name) : childPath(parent, name);
    const directory: Directory = {
      id: row.id,
      parent,
      name,
      path,
      owner: this.#words.text(row.owner),
      group: this.#words.text(row.grp),
      mode: row.mode,
      created: row.created,
      modified: row.modified ?? row.created,
      isOpen: (row.mode & 1) !== 0 && (parent === null || parent.isOpen),
      isRemoved: row.id === REMOVED_ID || (parent?.isRemoved ?? false),
    };
    if (this.#byId.size >= CACHED) this.forget();
    this.#byId.set(row.id, directory);
    if (!directory.isRemoved) this.#byPath.set(path, directory);
    return directory;
  }
}

function childPath(parent: Directory | null, name: string): string {
  if (parent === null) return '/';
  return parent.id === ROOT_ID ? `/${name}` : `${parent.path}/${name}`;
}
