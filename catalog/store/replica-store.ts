/** Where the copies of a file are: the first one in the file's own row, others in a table that only this module and file-locator.ts know. */
import type Database from 'better-sqlite3';
import type { ElementStore, StorageElement } from './element-store.js';
import type { PackedReplica, StoredFile } from './file-store.js';
import type { UrlPartStore } from './url-part-store.js';

export interface StoredReplica {
  readonly url: string;
  readonly element: StorageElement | null;
  readonly isBad: boolean;
}

/** What is needed of a file to read or write its replicas; urlPath is its directory's. */
export interface ReplicaHolder {
  readonly id: number;
  readonly name: string;
  readonly urlPath: string;
}
/** Stored in place of a URL's last part: it ends in the directory's urlPath and the file's name. */
const LOGICAL = '/';
type Row = [part: number, name: string, se: number | null, status: number];
/** Status of a replica that is marked bad. */
export const BAD_REPLICA = 1;

export class ReplicaStore {
  readonly #parts: UrlPartStore;
  readonly #elements: ElementStore;
  readonly #others: Database.Statement<[number], Row>;
  readonly #inRow: Database.Statement<[number, number, string], number>;
  readonly #takeRow: Database.Statement<[number, string, number | null, number]>;
  readonly #insert: Database.Statement<[number, number, string, number | null]>;
  readonly #sayMore: Database.Statement<[number]>;
  readonly #mark: Database.Statement<[number, number, number, string]>;
  readonly #markRow: Database.Statement<[number, number, number, string]>;
  readonly #remove: Database.Statement<[number, number, string]>;
  readonly #clearRow: Database.Statement<[number, number, string]>;
  readonly #forget: Database.Statement<[number]>;
  readonly #forgetRow: Database.Statement<[number]>;
  readonly #anyOn: Database.Statement<[number, number], number>;

  constructor(db: Database.Database, parts: UrlPartStore, elements: ElementStore) {
    this.#parts = parts;
    this.#elements = elements;
    const here = 'WHERE file = ? AND part = ? AND name = ?';
    const inRow = 'WHERE id = ? AND part = ? AND last = ?';
    this.#others = db.prepare<[number], Row>('SELECT part, name, se, status FROM replica WHERE file = ?').raw();
    this.#inRow = db.prepare<[number, number, string], number>(`SELECT 1 FROM file ${inRow}`).pluck();
    this.#takeRow = db.prepare('UPDATE file SET part = ?, last = ?, se = ? WHERE id = ? AND part IS NULL');
    this.#insert = db.prepare('INSERT OR IGNORE INTO replica (file, part, name, se) VALUES (?, ?, ?, ?)');
    this.#sayMore = db.prepare('UPDATE file SET more = 1 WHERE id = ?');
    this.#mark = db.prepare(`UPDATE replica SET status = ? ${here}`);
    this.#markRow = db.prepare(`UPDATE file SET bad = ? ${inRow}`);
    this.#remove = db.prepare(`DELETE FROM replica ${here}`);
    this.#clearRow = db.prepare(`UPDATE file SET part = NULL, last = '', se = NULL, bad = 0 ${inRow}`);
    this.#forget = db.prepare('DELETE FROM replica WHERE file = ?');
    this.#forgetRow = db.prepare("UPDATE file SET part = NULL, last = '', se = NULL, bad = 0, more = 0 WHERE id = ?");
    this.#anyOn = db
      .prepare<[number, number], number>(
        'SELECT EXISTS (SELECT 1 FROM replica WHERE se = ?) OR EXISTS (SELECT 1 FROM file WHERE se = ?)',
      )
      .pluck();
  }

  /** In no particular order; see operations/closeness.ts. */
  list(file: StoredFile, urlPath: string): StoredReplica[] {
    const found: StoredReplica[] = [];
    const holder = { name: file.name, urlPath };
    if (file.first !== null) found.push(this.unpack(holder, file.first));
    if (file.hasMore)
      for (const [part, name, se, bad] of this.#others.all(file.id))
        found.push(this.unpack(holder, { part, name, se, bad }));
    return found;
  }

  unpack(file: Omit<ReplicaHolder, 'id'>, { part, name, se, bad }: PackedReplica): StoredReplica {
    const last = name === LOGICAL ? `${file.urlPath}/${file.name}` : name === '' ? file.name : name;
    return {
      url: this.#parts.text(part) + last,
      element: se === null ? null : (this.#elements.get(se) ?? null),
      isBad: bad === BAD_REPLICA,
    };
  }

  /** As it is stored, for FileStore.insert. */
  pack(file: Omit<ReplicaHolder, 'id'>, url: string, element: StorageElement | undefined): Omit<PackedReplica, 'bad'> {
    const { part, name } = split(file, url);
    return { part: this.#parts.intern(part), name, se: element?.id ?? null };
  }

  /** @returns whether it is new */
  add(file: ReplicaHolder, url: string, element: StorageElement | undefined): boolean {
    const { part, name, se } = this.pack(file, url, element);
    if (this.#takeRow.run(part, name, se, file.id).changes > 0) return true;
    if (this.#inRow.get(file.id, part, name) !== undefined) return false;
    if (this.#insert.run(file.id, part, name, se).changes === 0) return false;
    this.#sayMore.run(file.id);
    return true;
  }

  /** @returns whether the file has such a replica */
  mark(file: ReplicaHolder, url: string, isBad: boolean): boolean {
    const { part, name } = split(file, url);
    const id = this.#parts.find(part);
    if (id === undefined) return false;
    const status = isBad ? BAD_REPLICA : 0;
    return (
      this.#markRow.run(status, file.id, id, name).changes > 0 || this.#mark.run(status, file.id, id, name).changes > 0
    );
  }

  /** @returns whether the file had such a replica */
  remove(file: ReplicaHolder, url: string): boolean {
    const { part, name } = split(file, url);
    const id = this.#parts.find(part);
    if (id === undefined) return false;
    if (this.#remove.run(file.id, id, name).changes > 0) return true;
    if (this.#clearRow.run(file.id, id, name).changes === 0) return false;
    // One of the others comes into the row.
    const next = this.#others.get(file.id);
    if (next !== undefined) {
      const [nextPart, nextName, se, status] = next;
      this.#takeRow.run(nextPart, nextName, se, file.id);
      this.#markRow.run(status, file.id, nextPart, nextName);
      this.#remove.run(file.id, nextPart, nextName);
    }
    return true;
  }

  /** After a file got another place: its URLs stay what they were. */
  keep(replicas: readonly StoredReplica[], file: ReplicaHolder): void {
    this.#forget.run(file.id);
    this.#forgetRow.run(file.id);
    for (const { url, element, isBad } of replicas) {
      this.add(file, url, element ?? undefined);
      if (isBad) this.mark(file, url, true);
    }
  }

  /** Is any replica on this element? Looks at all files. */
  anyOn(element: StorageElement): boolean {
    return this.#anyOn.get(element.id, element.id) === 1;
  }
}

function split(file: Omit<ReplicaHolder, 'id'>, url: string): { part: string; name: string } {
  const logical = `${file.urlPath}/${file.name}`;
  if (url.endsWith(logical) && url.length > logical.length)
    return { part: url.slice(0, -logical.length), name: LOGICAL };
  const at = url.lastIndexOf('/') + 1;
  const name = url.slice(at);
  return { part: url.slice(0, at), name: name === file.name ? '' : name };
}
