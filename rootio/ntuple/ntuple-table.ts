/** An RNTuple as a Table. */
import { ColumnTypeError, CorruptFileError, NoSuchColumnError, type Place } from '../errors.js';
import type { FileAccess } from '../file/record.js';
import { numberArray } from '../number-type.js';
import type { ColumnData, ColumnInfo, ColumnReader, Table } from '../table.js';
import { type Cluster, readPageList } from './clusters.js';
import { parseAnchor, readEnvelope } from './envelope.js';
import { type FieldNode, FieldReader, unwrapped } from './field-reader.js';
import { joined } from './field-values.js';
import { type NtupleColumn, ntupleColumns, toColumnData } from './ntuple-columns.js';
import { PageStore } from './page-store.js';
import { type Column, type Header, readFooter, readHeader, type Schema } from './schema.js';

/** @param anchor the object that the file's key holds @param path of that key */
export async function openNtuple(file: FileAccess, anchor: Buffer, place: Place, path: string): Promise<NtupleTable> {
  const { header: headerLink, footer: footerLink, maxKeySize } = parseAnchor(anchor, file, place);
  const headerEnvelope = await readEnvelope(file, headerLink, 'header', maxKeySize);
  const header = readHeader(headerEnvelope.cursor);
  const footerEnvelope = await readEnvelope(file, footerLink, 'footer', maxKeySize);
  const footer = readFooter(footerEnvelope.cursor, header);
  if (footer.headerChecksum !== headerEnvelope.checksum)
    throw new CorruptFileError(footerEnvelope.cursor.place, 'it belongs to another header');
  const clusters: Cluster[] = [];
  for (const group of footer.groups)
    clusters.push(...readPageList((await readEnvelope(file, group.pages, 'page list', maxKeySize)).cursor));
  clusters.sort((a, b) => a.first - b.first);
  for (const [i, cluster] of clusters.entries())
    if (cluster.first !== (clusters[i - 1]?.end ?? 0))
      throw new CorruptFileError(
        footerEnvelope.cursor.place,
        `its clusters leave a hole or overlap at entry ${cluster.first}`,
      );
  return new NtupleTable(file, path, header, clusters, fieldTree(header, footerEnvelope.cursor.place));
}

/** The top fields with all that is in them. */
function fieldTree({ fields, columns }: Schema, place: Place): FieldNode[] {
  const nodes = fields.map((field): FieldNode & { children: FieldNode[] } => {
    const owner = field.source ?? field.id;
    const own = columns.filter((column) => column.field === owner);
    const representations: Column[][] = [];
    for (const column of own) {
      const columns = representations[column.representation] ?? [];
      representations[column.representation] = columns;
      columns.push(column);
    }
    return { field, children: [], representations: representations.filter((list) => list !== undefined) };
  });
  const top: FieldNode[] = [];
  for (const node of nodes) {
    const { parent, id, source } = node.field;
    if (source !== undefined && fields[source] === undefined)
      throw new CorruptFileError(place, `field "${node.field.name}" shows field ${source} of ${fields.length}`);
    if (parent === id) top.push(node);
    else nodes[parent]!.children.push(node);
  }
  return top;
}

export class NtupleTable implements Table {
  readonly className = 'ROOT::RNTuple';
  readonly title: string;
  readonly entries: number;
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  readonly ntupleColumns: readonly NtupleColumn[];
  readonly #byName: ReadonlyMap<string, NtupleColumn>;
  constructor(
    readonly file: FileAccess,
    readonly name: string,
    header: Header,
    readonly pages: readonly Cluster[],
    fields: readonly FieldNode[],
  ) {
    this.title = header.description;
    this.entries = pages.at(-1)?.end ?? 0;
    this.clusters = [0, ...new Set(pages.map((cluster) => cluster.end).filter((end) => end > 0))];
    this.ntupleColumns = ntupleColumns(fields);
    this.columns = this.ntupleColumns.map((column) => column.info);
    this.#byName = new Map([
      ...this.ntupleColumns.map((column) => [column.info.name.replaceAll('/', '.'), column] as const),
      ...this.ntupleColumns.map((column) => [column.info.name, column] as const),
    ]);
  }

  reader(names: readonly string[]): ColumnReader {
    const columns = [...new Set(names)].map((name) => {
      const column = this.#byName.get(name);
      if (column === undefined) throw new NoSuchColumnError(this.name, name, this.#byName.keys());
      if (column.info.kind === 'unreadable')
        throw new ColumnTypeError(name, column.info.typeName, column.info.why ?? 'its type is not known');
      return [name, column] as const;
    });
    return new NtupleReader(this, new Map(columns));
  }
}

class NtupleReader implements ColumnReader {
  readonly #store: PageStore;
  readonly #wanted: readonly Column[];
  readonly #data = new Map<string, ColumnData>();
  constructor(
    readonly table: NtupleTable,
    readonly columns: ReadonlyMap<string, NtupleColumn>,
  ) {
    this.#store = new PageStore(table.file);
    this.#wanted = [...new Set([...columns.values()].flatMap(({ node }) => allColumns(node)))];
  }

  get bytesRead(): number {
    return this.#store.bytesRead;
  }

  load(first: number, end: number): Promise<void> | void {
    if (!(first >= 0 && first <= end && end <= this.table.entries))
      throw new RangeError(
        `Entries ${first} to ${end} were asked of the RNTuple "${this.table.name}", which has ${this.table.entries}.`,
      );
    const pending = this.#store.fetch(this.#clusters(first, end), this.#wanted);
    if (pending !== undefined) return pending.then(() => this.#decode(first, end));
    this.#decode(first, end);
  }

  prefetch(first: number, end: number): void {
    this.#store.prefetch(this.#clusters(first, end), this.#wanted);
  }

  column(name: string): ColumnData {
    const data = this.#data.get(name);
    if (data === undefined) throw new NoSuchColumnError(this.table.name, name, this.columns.keys());
    return data;
  }

  #clusters(first: number, end: number): readonly Cluster[] {
    return this.table.pages.filter((cluster) => cluster.end > first && cluster.first < end);
  }

  #decode(first: number, end: number): void {
    const clusters = this.#clusters(first, end);
    for (const [name, { node, info }] of this.columns) {
      const parts = clusters.map((cluster) => {
        const from = Math.max(first, cluster.first) - cluster.first;
        const to = Math.min(end, cluster.end) - cluster.first;
        const reader = new FieldReader(this.#store, cluster);
        return reader.read(node, from, to, this.#missing(node, cluster));
      });
      this.#data.set(name, parts.length > 0 ? toColumnData(info, joined(parts)) : emptyData(info));
    }
  }

  /** Entries at the begin of a cluster that were filled before the field was added: the columns are that much shorter. */
  #missing(node: FieldNode, cluster: Cluster): number {
    const entries = cluster.end - cluster.first;
    for (const { owner, perEntry } of firstColumns(unwrapped(node), 1))
      return Math.max(
        0,
        entries - Math.floor(Math.max(...owner.map((column) => this.#store.count(cluster, column))) / perEntry),
      );
    return 0;
  }
}

/** The columns that have a fixed number of elements an entry: the field's own, or those of its first member. */
function firstColumns(node: FieldNode, perEntry: number): { owner: readonly Column[]; perEntry: number }[] {
  const times = perEntry * (node.field.role === 'leaf' && node.field.repetition > 0 ? node.field.repetition : 1);
  const owner = node.representations.flatMap((columns) => columns.slice(0, 1));
  if (owner.length > 0) return [{ owner, perEntry: times }];
  return node.children.flatMap((child) => firstColumns(unwrapped(child), times));
}

function allColumns(node: FieldNode): Column[] {
  return [...node.representations.flat(), ...node.children.flatMap(allColumns)];
}

function emptyData({ kind, type = 'float64', length = 1 }: ColumnInfo): ColumnData {
  const values = numberArray(type, 0);
  if (kind === 'flat') return { kind, values, length };
  if (kind === 'list') return { kind, offsets: new Int32Array(1), values };
  if (kind === 'nested') return { kind, offsets: new Int32Array(1), inner: new Int32Array(1), values };
  if (kind === 'string') return { kind, values: [] };
  if (kind === 'strings') return { kind, offsets: new Int32Array(1), values: [] };
  return { kind: 'object', values: [] };
}
