/**
 * Outputs made of rows: a list of any values, and an ntuple of numbers in typed columns.
 *
 * The rows of one packet travel as chunks of bytes of about 1 MB with the packet's place. Within a packet they stand in the order of
 * the entries, and packets do not overlap; so ordering chunks by (file position, first), those of one packet as they came together,
 * orders the rows, whatever came when.
 */

import { OutputError } from '../errors.js';
import { decodeValue, encodeUserValue, encodeValue } from '../message-pack.js';
import type { Declaration, NtupleType } from './declaration.js';
import { Output, type PacketRange, type Part } from './output.js';
import type { NtupleChunk } from './result.js';

/** Rows of one packet as they travel. */
export interface SentChunk extends PacketRange {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Of one packet: more does not travel at once (frames end at 256 MB). The packet fails, is halved, and then fits. */
const MAX_PACKET_BYTES = 64_000_000;

/** Rows are packed when there are so many bytes of them: memory then holds them once, and whoever reads them needs little at a time. */
const BLOCK_BYTES = 1_000_000;
/** Items of a list a chunk: their length is known only when they are packed. */
const BLOCK_ITEMS = 5_000;

interface Block {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

abstract class RowsOutput extends Output {
  #pending: SentChunk[] = [];
  #prepared: readonly SentChunk[] = [];

  /** Bytes of the rows that wait. @internal */
  override get pendingBytes(): number {
    return this.#pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** What has been filled since the last commit or rollback. */
  protected abstract blocks(): readonly Block[];

  /** @internal */
  override prepare({ filePosition, first, end }: PacketRange): void {
    const blocks = this.blocks();
    if (blocks.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_PACKET_BYTES) {
      const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
      throw new OutputError(`One packet filled ${rows} rows into ${this.name}: too many to send at once.`);
    }
    this.#prepared = blocks.map((block) => ({ filePosition, first, end, ...block }));
  }
  /** @internal */
  override commit(): void {
    this.#pending.push(...this.#prepared);
    this.#prepared = [];
    this.rollback();
  }
  /** @internal */
  override take(): Part | undefined {
    if (this.#pending.length === 0) return undefined;
    const chunks = this.#pending;
    this.#pending = [];
    return { chunks };
  }
}

export class List<T = unknown> extends RowsOutput {
  #items: T[] = [];
  push(...items: T[]): void {
    for (const item of items) this.#items.push(item);
  }
  /** All items by file and entry, in `terminate`; the array may be changed. */
  get items(): T[] {
    this.mustBeFinal('The items');
    return this.#items;
  }
  /** @internal */
  protected override blocks(): readonly Block[] {
    const blocks: Block[] = [];
    for (let at = 0; at < this.#items.length; at += BLOCK_ITEMS) {
      const items = this.#items.slice(at, at + BLOCK_ITEMS);
      blocks.push({ rows: items.length, bytes: encodeUserValue(items) });
    }
    return blocks;
  }
  /** @internal */
  override rollback(): void {
    this.#items = [];
  }
  /** @internal */
  restore(items: readonly unknown[]): void {
    this.#items = items as T[];
    this.finalize();
  }
}

const COLUMN_ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};
type ColumnArray = NtupleChunk[number];
/** A row by column name, or the numbers in the order of the columns. */
export type NtupleRow = Readonly<Record<string, number | bigint | boolean>>;

export class Ntuple extends RowsOutput {
  readonly #names: readonly string[];
  readonly #types: readonly NtupleType[];
  readonly #blockRows: number;
  #columns: ColumnArray[];
  /** Packed already, then the rows in the columns. */
  #blocks: Block[] = [];
  #rows = 0;
  #mergedChunks: () => Iterable<NtupleChunk> = () => [];
  #merged = 0;

  constructor(declaration: Declaration) {
    super(declaration);
    this.#names = declaration.columns.map(({ name }) => name);
    this.#types = declaration.columns.map(({ type }) => type);
    this.#columns = this.#types.map((type) => new COLUMN_ARRAYS[type](64));
    const rowBytes = this.#columns.reduce((sum, column) => sum + column.BYTES_PER_ELEMENT, 0);
    this.#blockRows = Math.ceil(BLOCK_BYTES / Math.max(1, rowBytes));
  }

  /** One row: `fill({ pt, eta })` or `fill(pt, eta)`. */
  fill(row: NtupleRow): void;
  fill(...values: readonly (number | bigint | boolean)[]): void;
  fill(...given: readonly (NtupleRow | number | bigint | boolean)[]): void {
    const row = given[0];
    if (this.#rows === this.#blockRows) this.#pack();
    else if (this.#rows === (this.#columns[0]?.length ?? 0)) this.#grow();
    if (typeof row === 'object') for (let i = 0; i < this.#names.length; i++) this.#set(i, row[this.#names[i]!]);
    else if (given.length === this.#names.length)
      for (let i = 0; i < given.length; i++) this.#set(i, given[i] as number | bigint | boolean);
    else throw new OutputError(`The ntuple ${this.name} has ${this.#names.length} columns, not ${given.length}.`);
    this.#rows++;
  }

  #set(i: number, value: number | bigint | boolean | undefined): void {
    if (value === undefined) throw new OutputError(`A row of the ntuple ${this.name} lacks ${this.#names[i]}.`);
    const column = this.#columns[i]!;
    if (column instanceof BigInt64Array) column[this.#rows] = BigInt(value);
    else column[this.#rows] = Number(value);
  }

  #grow(): void {
    this.#columns = this.#columns.map((column, i) => {
      const larger = new COLUMN_ARRAYS[this.#types[i]!](Math.min(column.length * 2, this.#blockRows));
      larger.set(column as never);
      return larger;
    });
  }

  /** Number of rows, in `terminate`. */
  get entries(): number {
    this.mustBeFinal('The rows');
    return this.#merged + this.#blocks.reduce((sum, { rows }) => sum + rows, 0) + this.#rows;
  }
  /** The merged rows, one packet's columns after the other's, in `terminate`. */
  *rows(): Iterable<Readonly<Record<string, number | bigint>>> {
    this.mustBeFinal('The rows');
    for (const chunk of this.chunks())
      for (let r = 0; r < (chunk[0]?.length ?? 0); r++)
        yield Object.fromEntries(this.#names.map((name, i) => [name, chunk[i]![r]!]));
  }

  /** @internal */
  protected override blocks(): readonly Block[] {
    if (this.#rows > 0) this.#pack();
    return this.#blocks;
  }
  #pack(): void {
    this.#blocks.push({ rows: this.#rows, bytes: encodeValue(this.#filled()) });
    this.#rows = 0;
  }
  /** @internal */
  override rollback(): void {
    this.#blocks = [];
    this.#rows = 0;
  }
  /** The merged rows, then those that `terminate` filled. @internal */
  *chunks(): Iterable<NtupleChunk> {
    yield* this.#mergedChunks();
    for (const { rows, bytes } of this.#blocks) yield decodeNtupleChunk(this.declaration, rows, bytes)!;
    if (this.#rows > 0) yield this.#filled();
  }
  #filled(): NtupleChunk {
    return this.#columns.map((column) => column.slice(0, this.#rows));
  }
  /** @internal */
  restore(rows: number, chunks: () => Iterable<NtupleChunk>): void {
    this.#merged = rows;
    this.#mergedChunks = chunks;
    this.finalize();
  }
}

/** A chunk's bytes as columns; undefined where they are not what the declaration says. */
export function decodeNtupleChunk({ columns }: Declaration, rows: number, bytes: Uint8Array): NtupleChunk | undefined {
  const decoded = decodeValue(bytes);
  if (!Array.isArray(decoded) || decoded.length !== columns.length) return undefined;
  const fits = columns.every(({ type }, i) => decoded[i] instanceof COLUMN_ARRAYS[type] && decoded[i].length === rows);
  return fits ? (decoded as ColumnArray[]) : undefined;
}
