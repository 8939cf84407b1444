/**
 * Many names to files with replicas in one statement: the look-up of a data set. One call for ten thousand names costs a third
 * of ten thousand calls (measured: 3 us a name instead of 10).
 */
import type Database from 'better-sqlite3';
import { unpackChecksum } from './checksum.js';
import { type FileKind, KINDS } from './file-store.js';
import type { Place } from './path-locator.js';
import type { ReplicaStore, StoredReplica } from './replica-store.js';
import type { UrlPartStore } from './url-part-store.js';
import type { WordStore } from './word-store.js';

export interface LocatedFile {
  readonly kind: FileKind;
  readonly size: number | null;
  readonly checksum: string | null;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
  readonly entries: number | null;
  readonly tree: string | null;
  readonly replicas: StoredReplica[];
}

type Row = [
  key: number,
  kind: number,
  size: number | null,
  checksum: string,
  owner: number,
  grp: number,
  mode: number,
  entries: number | null,
  tree: number | null,
  part: number | null,
  last: string,
  se: number | null,
  bad: number,
  otherPart: number | null,
  otherName: string | null,
  otherSe: number | null,
  otherStatus: number | null,
];

/** URLs that end in logical names share few beginnings, which are cached. */
function partsOf(row: Row): number[] {
  const [first, other] = [row[9], row[13]];
  return other === null ? (first === null ? [] : [first]) : [first!, other];
}

export class FileLocator {
  readonly #parts: UrlPartStore;
  readonly #words: WordStore;
  readonly #replicas: ReplicaStore;
  readonly #locate: Database.Statement<[string], Row>;

  constructor(db: Database.Database, words: WordStore, parts: UrlPartStore, replicas: ReplicaStore) {
    this.#parts = parts;
    this.#words = words;
    this.#replicas = replicas;
    // CROSS JOIN: in this order, one descent a name. The table of replicas is looked at only for files that have more than one.
    this.#locate = db
      .prepare<[string], Row>(
        `SELECT j.key, f.kind, f.size, hex(f.checksum), f.owner, f.grp, f.mode, f.entries, f.tree, f.part, f.last, f.se, f.bad,
                r.part, r.name, r.se, r.status
         FROM json_each(?) AS j CROSS JOIN file AS f ON f.dir = j.value ->> 0 AND f.name = j.value ->> 1
         LEFT JOIN replica AS r ON r.file = CASE WHEN f.more THEN f.id END`,
      )
      .raw();
  }

  /** One element a place (directory and name); undefined where there is no such file. */
  locate(places: readonly (readonly [Place, name: string])[]): (LocatedFile | undefined)[] {
    const found = new Array<LocatedFile | undefined>(places.length);
    const rows = this.#locate.all(JSON.stringify(places.map(([{ id }, name]) => [id, name])));
    this.#parts.load(rows.flatMap(partsOf));
    for (const row of rows) {
      const [key, , , , , , , , , , , , , part, name, se, status] = row;
      const [{ urlPath }, fileName] = places[key]!;
      const holder = { urlPath, name: fileName };
      let file = found[key];
      if (file === undefined) {
        file = this.#located(row, holder);
        found[key] = file;
      }
      if (part !== null)
        file.replicas.push(this.#replicas.unpack(holder, { part, name: name ?? '', se, bad: status ?? 0 }));
    }
    return found;
  }

  #located(row: Row, holder: { name: string; urlPath: string }): LocatedFile {
    const [, kind, size, checksum, owner, grp, mode, entries, tree, part, name, se, bad] = row;
    return {
      kind: KINDS[kind]!,
      size,
      checksum: checksum === '' ? null : unpackChecksum(checksum),
      owner: this.#words.text(owner),
      group: this.#words.text(grp),
      mode,
      entries,
      tree: tree === null ? null : this.#words.text(tree),
      replicas: part === null ? [] : [this.#replicas.unpack(holder, { part, name, se, bad })],
    };
  }
}
