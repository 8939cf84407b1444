/**
 * The data set of one query: its files in order, what is known of their entries, and the part of it that the query wants.
 * Pure. Names are resolved by catalog/grid, unknown entry counts learnt by entry-counting.ts.
 */
import type { LearntFact } from '../../catalog/grid/grid.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { EntryList } from '../../protocol/entry-list.js';
import type { FileFacts, QueryFile } from '../../protocol/worker-messages.js';
import { nearestFirst, type Place } from './closeness.js';
import type { LedgerFile } from './ledger.js';

export interface DataSetFile {
  /** As the user knows it: LFN or URL. */
  readonly name: string;
  readonly lfn: string | null;
  /** Bytes; null or absent where nobody knows them. */
  readonly size?: number | null | undefined;
  readonly tree: string | null;
  /** Null where nobody has opened it yet. */
  readonly entries: number | null;
  readonly places: readonly Place[];
  /** An entry list's pairs; null: all entries. What is counted of such a file, in packets too, are places in its list. */
  readonly selected: readonly number[] | null;
  readonly friends: QueryFile['friends'];
}
export interface MissingFile {
  readonly file: string;
  readonly error: string;
}
/** Why a file without places is missing. */
export const NO_REPLICA = 'It has no replica that can be used; "proof whereis" says why.';

interface Row {
  readonly file: DataSetFile;
  readonly list: EntryList | null;
  tree: string | null;
  entries: number | null;
  counted: boolean;
  /** What a worker said that counted it; of one that does not say: the file's only tree was taken. */
  isOnlyTree: boolean;
  missing: string | null;
}

export class DataSet {
  readonly #rows: Row[];

  constructor(files: readonly DataSetFile[]) {
    const lists = files.map(({ selected }) => (selected === null ? null : new EntryList(selected)));
    this.#rows = files.map((file, i) => ({
      file,
      list: lists[i]!,
      tree: file.tree,
      entries: lists[i]?.size ?? file.entries,
      counted: false,
      isOnlyTree: file.tree === null,
      missing: file.places.length === 0 ? NO_REPLICA : null,
    }));
  }

  /** As a checkpoint keeps it. */
  dump(): (DataSetFile & { places: Place[]; selected: number[] | null; missing: string | null })[] {
    return this.#rows.map(({ file, tree, entries, missing }) => ({
      ...{ name: file.name, lfn: file.lfn, size: file.size ?? null, places: [...file.places], friends: file.friends },
      selected: file.selected === null ? null : [...file.selected],
      ...{ tree, entries, missing },
    }));
  }
  static restored(files: readonly (DataSetFile & { missing: string | null })[]): DataSet {
    const dataSet = new DataSet(files.map(({ missing: _missing, ...file }) => file));
    for (const [position, { missing }] of files.entries()) if (missing !== null) dataSet.lose(position, missing);
    return dataSet;
  }

  get size(): number {
    return this.#rows.length;
  }
  has(position: number): boolean {
    return position < this.#rows.length;
  }
  placesOf(position: number): readonly Place[] {
    return this.#row(position).file.places;
  }
  nameOf(position: number): string {
    return this.#row(position).file.name;
  }
  entriesOf(position: number): number | null {
    return this.#row(position).entries;
  }
  /** The file as a worker on that node should see it: nearest replica first. */
  forNode(position: number, node: NodeFacts): QueryFile {
    const { file, tree } = this.#row(position);
    const { name, size = null, friends, places } = file;
    return { position, name, urls: nearestFirst(node, places).map(({ url }) => url), size, tree, friends };
  }

  /** What is counted, [first, end), as entries of the file: all of them, or `only` these. */
  range(position: number, first: number, end: number): { first: number; end: number; only?: number[] } {
    return this.#row(position).list?.range(first, end) ?? { first, end };
  }
  /** An entry of the file as it is counted. */
  placeOf(position: number, entry: number): number {
    return this.#row(position).list?.placeOf(entry) ?? entry;
  }
  /** How many entries the file must have for all to be right; null: any number. */
  fileEntriesOf(position: number): number | null {
    const { list, entries, file } = this.#row(position);
    return list === null ? entries : file.entries;
  }

  /** Somebody opened it. What the catalog said before is not overwritten: a worker refuses a packet of a file that says otherwise. */
  learn(position: number, facts: FileFacts): void {
    const row = this.#row(position);
    row.tree ??= facts.tree;
    if (row.entries !== null) return;
    row.entries = facts.entries;
    row.counted = true;
    row.isOnlyTree = facts.isOnlyTree ?? row.isOnlyTree;
  }
  lose(position: number, error: string): void {
    this.#row(position).missing ??= error;
  }
  isMissing(position: number): boolean {
    return this.#row(position).missing !== null;
  }
  /** In the data set's order; a file that is there twice is missing twice. */
  missingFiles(): MissingFile[] {
    return this.#rows.flatMap(({ file, missing }) => (missing === null ? [] : [{ file: file.name, error: missing }]));
  }
  /** What a catalog can learn: files of it whose entries were counted here. */
  learnt(): LearntFact[] {
    return this.#rows.flatMap(({ file, tree, entries, counted, isOnlyTree }) =>
      counted && file.lfn !== null && tree !== null && entries !== null
        ? [{ lfn: file.lfn, tree, entries, isOnlyTree }]
        : [],
    );
  }

  /** Files whose entries must be counted before the window [first, first + entries) can be placed, in order. */
  toCount(first: number, entries: number | null): number[] {
    const wanted: number[] = [];
    let known = 0;
    for (const [position, row] of this.#rows.entries()) {
      if (entries !== null && known >= first + entries) break;
      if (row.entries !== null) known += row.entries;
      else if (row.missing === null) wanted.push(position);
    }
    return wanted;
  }

  /**
   * The part of each file inside [first, first + entries) along the data set's order; files outside of it are left out. A file that is
   * missing with unknown entries counts as empty, and the total is then unknown (null).
   */
  window(first: number, entries: number | null): { files: LedgerFile[]; total: number | null } {
    const files: LedgerFile[] = [];
    const end = entries === null ? Number.POSITIVE_INFINITY : first + entries;
    let at = 0;
    let isKnown = true;
    for (const [position, row] of this.#rows.entries()) {
      if (at >= end) break;
      if (row.entries === null) isKnown = false;
      const next = at + (row.entries ?? 0);
      const from = Math.max(first, at);
      const to = Math.min(end, next);
      if (from < to) files.push({ position, first: from - at, end: to - at });
      at = next;
    }
    const total = files.reduce((sum, file) => sum + file.end - file.first, 0);
    return { files, total: isKnown ? total : null };
  }

  #row(position: number): Row {
    const row = this.#rows[position];
    if (row === undefined) throw new RangeError(`no file at position ${position}`);
    return row;
  }
}
