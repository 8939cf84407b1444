/** Versions and members of collections: the only module that knows those tables. A collection itself is a row of `file`. */
import type Database from 'better-sqlite3';
import type { FriendSet } from '../../protocol/entry-list.js';
import type { WordStore } from './word-store.js';

export interface SetVersion {
  readonly id: number;
  readonly file: number;
  readonly version: number;
  readonly tree: string | null;
  /** How its files are meant to be read: `any`, `local`, `remote` or `cache`. */
  readonly access: string;
  readonly comment: string;
  readonly created: number;
  /** ms since 1970; null while it may be changed. */
  readonly frozen: number | null;
  readonly friends: readonly FriendSet[];
}

export interface SetMember {
  readonly position: number;
  /** A file or another collection; null: the text stands for it. */
  readonly file: number | null;
  /** A URL, or the name of a file that was removed. */
  readonly text: string | null;
  readonly tree: string | null;
  readonly entries: number | null;
  readonly size: number | null;
  /** What the last verification found: `ok`, `missing`, `corrupt`; null: not verified. */
  readonly state: string | null;
  /** An entry list's pairs; null: all entries. */
  readonly selected: readonly number[] | null;
}

type VersionRow = Omit<SetVersion, 'tree' | 'friends'> & { tree: number | null; friends: string | null };
type MemberRow = Omit<SetMember, 'tree' | 'selected'> & { tree: number | null; selected: string | null };
/** What may be said of a version. */
export type SetAbout = Pick<SetVersion, 'tree' | 'access' | 'comment' | 'friends'>;

export class SetStore {
  readonly #words: WordStore;
  readonly #versions: Database.Statement<[number], VersionRow>;
  readonly #insertVersion: Database.Statement<unknown[]>;
  readonly #describe: Database.Statement<unknown[]>;
  readonly #freeze: Database.Statement<[number, number]>;
  readonly #members: Database.Statement<[number], MemberRow>;
  readonly #insertMember: Database.Statement<unknown[]>;
  readonly #last: Database.Statement<[number], number>;
  readonly #copy: Database.Statement<[number, number]>;
  readonly #record: Database.Statement<unknown[]>;
  readonly #nameTree: Database.Statement<[number, number, number]>;
  readonly #clear: Database.Statement<[number]>;

  constructor(db: Database.Database, words: WordStore) {
    this.#words = words;
    this.#versions = db.prepare('SELECT * FROM collection_version WHERE file = ? ORDER BY version');
    this.#insertVersion = db.prepare(
      'INSERT INTO collection_version (file, version, tree, access, comment, created, friends) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#describe = db.prepare(
      'UPDATE collection_version SET tree = ?, access = ?, comment = ?, friends = ? WHERE id = ?',
    );
    this.#freeze = db.prepare('UPDATE collection_version SET frozen = ? WHERE id = ?');
    this.#members = db.prepare(
      'SELECT position, file, text, tree, entries, size, state, selected FROM collection_member WHERE version = ? ORDER BY position',
    );
    this.#insertMember = db.prepare(
      'INSERT INTO collection_member (version, position, file, text, tree, entries, size, selected) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#last = db
      .prepare<[number], number>('SELECT coalesce(max(position), -1) FROM collection_member WHERE version = ?')
      .pluck();
    this.#copy = db.prepare(
      'INSERT INTO collection_member SELECT ?, position, file, text, tree, entries, size, state, selected FROM collection_member WHERE version = ?',
    );
    this.#record = db.prepare(
      'UPDATE collection_member SET state = ?, entries = coalesce(?, entries), size = coalesce(?, size), tree = coalesce(?, tree)' +
        ' WHERE version = ? AND position = ?',
    );
    this.#nameTree = db.prepare('UPDATE collection_member SET tree = ? WHERE version = ? AND position = ?');
    this.#clear = db.prepare('DELETE FROM collection_member WHERE version = ?');
  }

  /** Oldest first. */
  versions(file: number): SetVersion[] {
    return this.#versions.all(file).map((row) => ({
      ...row,
      tree: this.#text(row.tree),
      friends: row.friends === null ? [] : (JSON.parse(row.friends) as FriendSet[]),
    }));
  }

  addVersion(file: number, about: SetAbout & Pick<SetVersion, 'version' | 'created'>): number {
    const { version, tree, access, comment, created, friends } = about;
    const result = this.#insertVersion.run(file, version, this.#word(tree), access, comment, created, json(friends));
    return Number(result.lastInsertRowid);
  }

  describe(id: number, about: SetAbout): void {
    this.#describe.run(this.#word(about.tree), about.access, about.comment, json(about.friends), id);
  }

  freeze(id: number, nowMs: number): void {
    this.#freeze.run(nowMs, id);
  }

  members(version: number): SetMember[] {
    return this.#members.all(version).map((row) => ({
      ...row,
      tree: this.#text(row.tree),
      selected: row.selected === null ? null : (JSON.parse(row.selected) as number[]),
    }));
  }

  append(version: number, members: readonly Omit<SetMember, 'position' | 'state'>[]): void {
    let position = this.#last.get(version)!;
    for (const { file, text, tree, entries, size, selected } of members) {
      const list = selected === null ? null : JSON.stringify(selected);
      this.#insertMember.run(version, ++position, file, text, this.#word(tree), entries, size, list);
    }
  }

  copyMembers(from: number, to: number): void {
    this.#copy.run(to, from);
  }

  clear(version: number): void {
    this.#clear.run(version);
  }

  record(
    version: number,
    position: number,
    found: { state: string; entries?: number | undefined; size?: number | undefined; tree?: string | undefined },
  ): void {
    const tree = found.tree === undefined ? null : this.#words.intern(found.tree);
    this.#record.run(found.state, found.entries ?? null, found.size ?? null, tree, version, position);
  }

  nameTree(version: number, position: number, tree: string): void {
    this.#nameTree.run(this.#words.intern(tree), version, position);
  }

  #word(text: string | null): number | null {
    return text === null ? null : this.#words.intern(text);
  }

  #text(id: number | null): string | null {
    return id === null ? null : this.#words.text(id);
  }
}

const json = (list: readonly unknown[]): string | null => (list.length === 0 ? null : JSON.stringify(list));
