/**
 * One branch while it is being filled: collects entries into a basket, hands each full basket to the file, keeps the index.
 *
 * A basket is the values in big-endian order; of lists and texts also where each entry begins, counted from the key's start.
 * Source: ROOT, tree/tree/src/TBasket.cxx (WriteBuffer), TLeafC.cxx (texts).
 */
import type { NumberArray } from '../table.js';
import { type BranchShape, NUMBER_FORMATS } from './tree-columns.js';

export interface ListBatch {
  /** n + 1 ascending positions in `values`, in elements. */
  readonly offsets: ArrayLike<number>;
  readonly values: NumberArray;
}
/** Values of n entries: flat, lists, or texts. */
export type BatchColumn = NumberArray | ListBatch | readonly string[];

/** A basket ready to be written. */
export interface Basket {
  readonly branch: string;
  readonly index: number;
  readonly entries: number;
  /** The values alone; big-endian. */
  readonly values: Buffer;
  /** Where each entry begins in `values`; null where all have one length. */
  readonly starts: Int32Array | null;
  /** Bytes of an entry of fixed length. */
  readonly entryBytes: number;
}
/** What the file says back. */
export interface StoredBasket {
  readonly seek: number;
  readonly nbytes: number;
  /** Key and contents before compression. */
  readonly unpackedBytes: number;
}

export class BranchWriter {
  readonly shape: BranchShape;
  readonly baskets = { nbytes: [] as number[], firstEntry: [] as number[], seek: [] as number[] };
  /** Bytes before and after compression. */
  totalBytes = 0;
  zipBytes = 0;
  /** Of a counter: the longest list. Of texts: bytes of the longest and one, for ROOT counts a final zero. */
  maximum = 0;
  readonly #store: (basket: Basket) => StoredBasket;
  readonly #elementBytes: number;
  readonly #basketBytes: number;
  #values: Buffer;
  #used = 0;
  #starts: Int32Array | null;
  #entries = 0;
  #firstEntry = 0;

  constructor(shape: BranchShape, basketBytes: number, store: (basket: Basket) => StoredBasket) {
    this.shape = shape;
    this.#store = store;
    this.#elementBytes = shape.type === 'string' ? 1 : NUMBER_FORMATS[shape.type].bytes * shape.length;
    this.#basketBytes = Math.max(basketBytes, this.#elementBytes);
    this.#values = Buffer.allocUnsafe(this.#basketBytes);
    this.#starts = shape.kind === 'flat' ? null : new Int32Array(1024);
  }

  /** Bytes that wait for their basket to be full. */
  get pendingBytes(): number {
    return this.#used + (this.#starts === null ? 0 : 4 * this.#entries);
  }

  /** Takes entries [first, first + count) of a batch. */
  append(column: BatchColumn, first: number, count: number): void {
    const { kind } = this.shape;
    if (kind === 'flat') this.#appendFlat(column as NumberArray, first, count);
    else if (kind === 'list') this.#appendLists(column as ListBatch, first, count);
    else this.#appendTexts(column as readonly string[], first, count);
  }

  /** Writes what has been collected, if anything, as one basket. */
  flush(): void {
    if (this.#entries === 0) return;
    const values = this.#values.subarray(0, this.#used);
    if (this.shape.type !== 'string') toBigEndian(values, NUMBER_FORMATS[this.shape.type].bytes);
    const stored = this.#store({
      branch: this.shape.name,
      index: this.baskets.seek.length,
      entries: this.#entries,
      values,
      starts: this.#starts?.subarray(0, this.#entries) ?? null,
      entryBytes: this.#elementBytes,
    });
    this.baskets.nbytes.push(stored.nbytes);
    this.baskets.firstEntry.push(this.#firstEntry);
    this.baskets.seek.push(stored.seek);
    this.totalBytes += stored.unpackedBytes;
    this.zipBytes += stored.nbytes;
    this.#firstEntry += this.#entries;
    this.#entries = 0;
    this.#used = 0;
  }

  #appendFlat(values: NumberArray, first: number, count: number): void {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const size = this.#elementBytes;
    for (let done = 0; done < count; ) {
      const take = Math.min(count - done, Math.floor((this.#basketBytes - this.#used) / size));
      if (take === 0) {
        this.flush();
        continue;
      }
      const from = (first + done) * size;
      bytes.copy(this.#values, this.#used, from, from + take * size);
      this.#used += take * size;
      this.#entries += take;
      done += take;
    }
    if (this.shape.counts !== undefined)
      for (let i = first; i < first + count; i++) this.maximum = Math.max(this.maximum, values[i] as number);
  }

  #appendLists({ offsets, values }: ListBatch, first: number, count: number): void {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const size = this.#elementBytes;
    for (let entry = first; entry < first + count; ) {
      // As many entries as fit; one that is longer than a basket gets a basket for itself.
      const from = offsets[entry]! * size;
      if (!this.#fits(this.#used + offsets[entry + 1]! * size - from)) this.flush();
      const runStart = this.#used - from;
      let end = entry;
      while (end < first + count && (end === entry || this.#fits(runStart + offsets[end + 1]! * size))) {
        this.#start(runStart + offsets[end]! * size);
        end++;
      }
      const to = offsets[end]! * size;
      this.#reserve(this.#used + to - from);
      bytes.copy(this.#values, this.#used, from, to);
      this.#used += to - from;
      if (end < first + count || !this.#fits(this.#used)) this.flush();
      entry = end;
    }
  }

  #appendTexts(texts: readonly string[], first: number, count: number): void {
    for (let entry = first; entry < first + count; entry++) {
      const text = texts[entry]!;
      this.#reserve(this.#used + 5 + 3 * text.length);
      this.#start(this.#used);
      // One length byte, or 255 and four.
      const isShort = 3 * text.length < 255 || Buffer.byteLength(text) < 255;
      const length = this.#values.write(text, this.#used + (isShort ? 1 : 5), 'utf8');
      this.#values[this.#used] = isShort ? length : 255;
      if (!isShort) this.#values.writeInt32BE(length, this.#used + 1);
      this.#used += length + (isShort ? 1 : 5);
      this.maximum = Math.max(this.maximum, length + 1);
      if (!this.#fits(this.#used)) this.flush();
    }
  }

  #start(position: number): void {
    let starts = this.#starts!;
    if (this.#entries === starts.length) {
      starts = new Int32Array(2 * starts.length);
      starts.set(this.#starts!);
      this.#starts = starts;
    }
    starts[this.#entries++] = position;
  }
  #fits(valueBytes: number): boolean {
    return valueBytes + 4 * this.#entries < this.#basketBytes;
  }
  #reserve(bytes: number): void {
    if (bytes <= this.#values.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#values.length));
    this.#values.copy(larger, 0, 0, this.#used);
    this.#values = larger;
  }
}

function toBigEndian(values: Buffer, size: 1 | 2 | 4 | 8): void {
  if (size === 2) values.swap16();
  else if (size === 4) values.swap32();
  else if (size === 8) values.swap64();
}
