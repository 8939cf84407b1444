/** Where the copies of a file are. The only module that knows the replica table. */
import type Database from 'better-sqlite3';
import type { ElementStore, StorageElement } from './element-store.js';
import type { UrlPartStore } from './url-part-store.js';

export interface StoredReplica {
  readonly url: string;
  readonly element: StorageElement | null;
  readonly isBad: boolean;
}

type Row = [part: number, name: string, se: number | null, status: number];
/** Status of a replica that is marked bad. */
export const BAD_REPLICA = 1;

export class ReplicaStore {
  readonly #parts: UrlPartStore;
  readonly #elements: ElementStore;
  readonly #list: Database.Statement<[number], Row>;
  readonly #insert: Database.Statement<[number, number, string, number | null]>;
  readonly #mark: Database.Statement<[number, number, number, string]>;
  readonly #remove: Database.Statement<[number, number, string]>;
  readonly #keepName: Database.Statement<[string, number]>;
  readonly #takeName: Database.Statement<[number, string]>;

  constructor(db: Database.Database, parts: UrlPartStore, elements: ElementStore) {
    this.#parts = parts;
    this.#elements = elements;
    this.#list = db.prepare<[number], Row>('SELECT part, name, se, status FROM replica WHERE file = ?').raw();
    this.#insert = db.prepare('INSERT OR IGNORE INTO replica (file, part, name, se) VALUES (?, ?, ?, ?)');
    this.#mark = db.prepare('UPDATE replica SET status = ? WHERE file = ? AND part = ? AND name = ?');
    this.#remove = db.prepare('DELETE FROM replica WHERE file = ? AND part = ? AND name = ?');
    this.#keepName = db.prepare("UPDATE replica SET name = ? WHERE file = ? AND name = ''");
    this.#takeName = db.prepare("UPDATE OR IGNORE replica SET name = '' WHERE file = ? AND name = ?");
  }

  /** In no particular order; see operations/closeness.ts. */
  list(file: { id: number; name: string }): StoredReplica[] {
    const rows = this.#list.all(file.id);
    const found: StoredReplica[] = [];
    for (const [part, name, se, status] of rows)
      found.push({
        url: this.#parts.text(part) + (name === '' ? file.name : name),
        element: se === null ? null : (this.#elements.get(se) ?? null),
        isBad: status === BAD_REPLICA,
      });
    return found;
  }

  /** @returns whether it is new */
  add(file: { id: number; name: string }, url: string, element: StorageElement | undefined): boolean {
    const { part, name } = this.#place(file, url);
    return this.#insert.run(file.id, this.#parts.intern(part), name, element?.id ?? null).changes > 0;
  }

  /** @returns whether the file has such a replica */
  mark(file: { id: number; name: string }, url: string, isBad: boolean): boolean {
    const { part, name } = this.#place(file, url);
    const id = this.#parts.find(part);
    return id !== undefined && this.#mark.run(isBad ? BAD_REPLICA : 0, file.id, id, name).changes > 0;
  }

  /** @returns whether the file had such a replica */
  remove(file: { id: number; name: string }, url: string): boolean {
    const { part, name } = this.#place(file, url);
    const id = this.#parts.find(part);
    return id !== undefined && this.#remove.run(file.id, id, name).changes > 0;
  }

  /** Before a file gets another name: its URLs stay what they are. */
  keepNames(file: { id: number; name: string }, newName: string): void {
    this.#keepName.run(file.name, file.id);
    this.#takeName.run(file.id, newName);
  }

  #place(file: { name: string }, url: string): { part: string; name: string } {
    const at = url.lastIndexOf('/') + 1;
    const name = url.slice(at);
    return { part: url.slice(0, at), name: name === file.name ? '' : name };
  }
}
