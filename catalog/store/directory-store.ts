/**
 * Directories: the tree. The only module that knows the directory table; resolved paths are cached until anything changes.
 *
 * A directory's row holds its own name and its parent, so a rename is one row. Names in the table end in `/` (see migrations.ts).
 */
import type Database from 'better-sqlite3';
import type { Caller, Owned } from '../permissions.js';
import { mayAccess } from '../permissions.js';
import type { Epoch } from './epoch.js';
import type { WordStore } from './word-store.js';

export interface Directory extends Owned {
  readonly id: number;
  readonly parent: Directory | null;
  readonly name: string;
  /** Canonical; of a removed directory the one it had. */
  readonly path: string;
  /** What stands for its path in URLs that end in logical names: the path before the first rename; '' of the root. */
  readonly urlPath: string;
  readonly created: number;
  readonly modified: number;
  /** It and all above it may be entered by anybody: spares the walk up in the common case. */
  readonly isOpen: boolean;
  readonly isRemoved: boolean;
  /** It has tags of its own, or has had some. */
  hasTags: boolean;
}

interface Row {
  id: number;
  parent: number;
  name: string;
  owner: number;
  grp: number;
  mode: number;
  created: number;
  modified: number | null;
  tagged: number;
  former: string | null;
}

export const ROOT_ID = 1;
/** Parent of directories that are being deleted. */
export const REMOVED_ID = 3;
const CACHED = 100_000;
const COLUMNS = 'id, parent, name, owner, grp, mode, created, modified, tagged, former';

export class DirectoryStore {
  readonly #byPath = new Map<string, Directory>();
  readonly #byId = new Map<number, Directory>();
  readonly #words: WordStore;
  readonly #epoch: Epoch;
  #nextId: number | undefined;
  #generation = 0;
  readonly #lastId: Database.Statement<[], number>;
  readonly #tag: Database.Statement<[number]>;
  readonly #delete: Database.Statement<[number]>;
  readonly #read: Database.Statement<[number], Row>;
  readonly #child: Database.Statement<[number, string], Row>;
  readonly #children: Database.Statement<[number, string, string, number], Row>;
  readonly #parents: Database.Statement<[string], number>;
  readonly #removedPath: Database.Statement<[number], { path: string }>;
  readonly #insert: Database.Statement<[number, string, number, number, number, number, number]>;
  readonly #move: Database.Statement<[number, string, string, number]>;
  readonly #change: Database.Statement<[number, number, number, number, number]>;
  readonly #markRemoved: Database.Statement<[number, string]>;

  constructor(db: Database.Database, words: WordStore, epoch: Epoch) {
    this.#words = words;
    this.#epoch = epoch;
    this.#lastId = db.prepare<[], number>('SELECT max(id) FROM directory').pluck();
    this.#tag = db.prepare('UPDATE directory SET tagged = 1 WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM directory WHERE id = ?');
    this.#read = db.prepare(`SELECT ${COLUMNS} FROM directory WHERE id = ?`);
    this.#child = db.prepare(`SELECT ${COLUMNS} FROM directory WHERE parent = ? AND name = ?`);
    this.#children = db.prepare(
      `SELECT ${COLUMNS} FROM directory WHERE parent = ? AND name > ? AND name < ? ORDER BY name LIMIT ?`,
    );
    this.#parents = db
      .prepare<[string], number>(
        'SELECT j.value FROM json_each(?) AS j WHERE EXISTS (SELECT 1 FROM directory WHERE parent = j.value)',
      )
      .pluck();
    this.#removedPath = db.prepare('SELECT path FROM removed_directory WHERE dir = ?');
    this.#insert = db.prepare(
      'INSERT INTO directory (parent, name, id, owner, grp, mode, created) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#move = db.prepare('UPDATE directory SET parent = ?, name = ?, former = coalesce(former, ?) WHERE id = ?');
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
    return this.#remember(row, row.parent === 0 ? null : this.get(row.parent));
  }

  /** Subdirectories with `after` < name + "/" < `before` in bytewise order of name + "/". */
  children(parent: Directory, range: { after?: string; before?: string; limit: number }): Directory[] {
    return this.#children
      .all(parent.id, range.after ?? '', range.before ?? '\u{10ffff}', range.limit)
      .map((row) => this.#remember(row, parent));
  }

  /** Those of the directories that have directories in them. */
  parents(dirs: readonly number[]): Set<number> {
    return new Set(this.#parents.all(JSON.stringify(dirs)));
  }

  insert(parent: Directory, name: string, owned: Owned, nowMs: number): Directory {
    const { owner, group, mode } = owned;
    this.#nextId ??= this.#lastId.get()! + 1;
    const id = this.#nextId++;
    const [ownerId, groupId] = [this.#words.intern(owner), this.#words.intern(group)];
    this.#insert.run(parent.id, `${name}/`, id, ownerId, groupId, mode, nowMs);
    return this.get(id);
  }

  move(directory: Directory, parent: Directory, name: string): void {
    this.#move.run(parent.id, `${name}/`, directory.urlPath, directory.id);
    this.#changed();
  }

  /** Takes it out of the tree with all below it; what becomes of that: operations/removal.ts. */
  detach(directory: Directory): void {
    this.#markRemoved.run(directory.id, directory.path);
    this.#move.run(REMOVED_ID, `${directory.id}/`, directory.urlPath, directory.id);
    this.#changed();
  }

  /** One that is empty and was removed: nobody finds it by path, and its number is not given out again. */
  delete(directory: Directory): void {
    this.#delete.run(directory.id);
    this.#byId.delete(directory.id);
  }

  /** It has tags from now on. */
  markTagged(directory: Directory): void {
    if (directory.hasTags) return;
    this.#tag.run(directory.id);
    this.#epoch.grow();
    directory.hasTags = true;
  }

  change(directory: Directory, owned: Owned, modifiedMs: number): void {
    const owner = this.#words.intern(owned.owner);
    const group = this.#words.intern(owned.group);
    this.#change.run(owner, group, owned.mode, modifiedMs, directory.id);
    this.#changed();
  }

  /** May the caller walk down to it? */
  mayEnter(caller: Caller, directory: Directory): boolean {
    if (directory.isOpen || caller.isAdmin) return true;
    for (let at: Directory | null = directory; at !== null; at = at.parent)
      if (!mayAccess(caller, at, 'enter')) return false;
    return true;
  }

  /** Grows whenever what was cached may be untrue. */
  get generation(): number {
    return this.#generation;
  }

  forget(): void {
    this.#generation++;
    this.#clear();
  }

  #clear(): void {
    this.#byPath.clear();
    this.#byId.clear();
  }

  #changed(): void {
    this.#epoch.grow();
    this.forget();
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
      hasTags: row.tagged === 1,
      urlPath: row.former ?? (parent === null ? '' : `${parent.urlPath}/${name}`),
    };
    if (this.#byId.size >= CACHED) this.#clear();
    this.#byId.set(row.id, directory);
    if (!directory.isRemoved) this.#byPath.set(path, directory);
    return directory;
  }
}

function childPath(parent: Directory | null, name: string): string {
  if (parent === null) return '/';
  return parent.id === ROOT_ID ? `/${name}` : `${parent.path}/${name}`;
}
