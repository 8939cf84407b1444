/** All stores of one connection, and the rules of its caches and transactions. */
import type Database from 'better-sqlite3';
import { storeError } from './database.js';
import { DirectoryStore } from './directory-store.js';
import { ElementStore } from './element-store.js';
import { Epoch } from './epoch.js';
import { FileLocator } from './file-locator.js';
import { FileStore } from './file-store.js';
import { PathLocator } from './path-locator.js';
import { ReplicaStore } from './replica-store.js';
import { SetStore } from './set-store.js';
import { type TagHolder, TagStore } from './tag-store.js';
import { UrlPartStore } from './url-part-store.js';
import { WordStore } from './word-store.js';

export class Stores {
  readonly words: WordStore;
  readonly directories: DirectoryStore;
  readonly files: FileStore;
  readonly elements: ElementStore;
  readonly parts: UrlPartStore;
  readonly replicas: ReplicaStore;
  readonly paths: PathLocator;
  readonly locator: FileLocator;
  readonly tags: TagStore;
  readonly sets: SetStore;
  readonly #statements = new Map<string, Database.Statement<unknown[], unknown>>();
  readonly #epoch: Epoch;
  /** What was last seen of the file: SQLite's count of others' commits, and our epoch. */
  #version = -1;
  #seenEpoch = '';

  constructor(readonly db: Database.Database) {
    this.words = new WordStore(db);
    this.#epoch = new Epoch(db);
    this.directories = new DirectoryStore(db, this.words, this.#epoch);
    this.paths = new PathLocator(db, this.directories);
    this.files = new FileStore(db, this.words);
    this.elements = new ElementStore(db, this.#epoch);
    this.parts = new UrlPartStore(db);
    this.replicas = new ReplicaStore(db, this.parts, this.elements);
    this.locator = new FileLocator(db, this.words, this.parts, this.replicas);
    this.tags = new TagStore(db);
    this.sets = new SetStore(db, this.words);
  }

  /** A statement of an operation that concerns several tables; prepared once. */
  sql<P extends unknown[], R>(text: string): Database.Statement<P, R> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare<unknown[], unknown>(text);
      this.#statements.set(text, statement);
    }
    return statement as Database.Statement<P, R>;
  }

  /** To be called before reading: forgets what another connection has changed since. */
  refresh(): void {
    const version = this.db.pragma('data_version', { simple: true }) as number;
    if (version === this.#version) return;
    this.#version = version;
    const epoch = this.#epoch.read();
    if (epoch === this.#seenEpoch) return;
    this.#seenEpoch = epoch;
    this.#forgetTree();
  }

  setTag(holder: TagHolder, name: string, value: string | number): void {
    this.tags.set(holder, name, value);
    if (holder.file === null) this.directories.markTagged(this.directories.get(holder.dir));
  }

  /** All that `run` writes is kept, or nothing of it. */
  write<T>(run: () => T): T {
    try {
      return this.db.transaction(run).immediate();
    } catch (error) {
      this.words.forget();
      this.parts.forget();
      this.#forgetTree();
      throw storeError(error, this.db.name);
    }
  }

  #forgetTree(): void {
    this.directories.forget();
    this.elements.forget();
  }
}
