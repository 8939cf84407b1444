/**
 * Columns being filled from baskets: one loader a column. The reader hands each its baskets in the order of their entries.
 *
 * Numbers whose bytes need no more than swapping are decompressed straight to their place; everything else passes through a scratch
 * buffer. Arrays are reused from load to load, so that a long loop allocates nothing a basket.
 */
import { CorruptFileError, type Place } from '../errors.js';
import { bytesOf, bytesUnder, numberArray, swapItems } from '../number-type.js';
import type { ColumnData, NumberArray } from '../table.js';
import { type BasketContents, type BasketHeader, checkedTail, entryOffsets } from './basket.js';
import type { NumberFormat } from './number-format.js';

/** The part of a basket that is wanted: its entries [from, to), counted from the basket's first. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export interface ColumnLoader {
  /** Entries vary in length: their begins are needed. */
  readonly wantsOffsets: boolean;
  begin(entries: number): void;
  /**
   * Where a whole basket may be decompressed to, `objlen` bytes from it on; undefined where it must not. What `direct` gave is
   * told by `placed` that it is filled.
   */
  direct?(header: BasketHeader, place: Place): Buffer | undefined;
  placed?(header: BasketHeader, place: Place): void;
  add(basket: BasketContents, part: Part, place: Place): void;
  finish(): ColumnData;
}

/** `length` numbers an entry. */
export class FlatLoader implements ColumnLoader {
  readonly wantsOffsets = false;
  #values: NumberArray;
  #bytes: Buffer;
  #filled = 0;
  #wanted = 0;
  constructor(
    readonly format: NumberFormat,
    readonly length: number,
  ) {
    this.#values = numberArray(format.type, 0);
    this.#bytes = bytesUnder(this.#values);
  }

  begin(entries: number): void {
    this.#filled = 0;
    this.#wanted = entries * this.length;
  }

  direct({ objlen, border, count }: BasketHeader, place: Place): Buffer | undefined {
    if (!this.format.plain || objlen !== border) return undefined;
    this.#check(border, count, place);
    this.#reserve(count * this.length);
    const at = this.#filled * this.format.itemBytes;
    return this.#bytes.subarray(at, at + objlen);
  }

  placed({ border, count }: BasketHeader): void {
    const at = this.#filled * this.format.itemBytes;
    swapItems(this.#bytes.subarray(at, at + border), bytesOf(this.format.type));
    this.#filled += count * this.length;
  }

  add({ bytes, border }: BasketContents, { from, to }: Part, place: Place): void {
    const itemBytes = this.format.itemBytes * this.length;
    if (to * itemBytes > border) this.#check(border, to, place);
    const count = (to - from) * this.length;
    this.#reserve(count);
    this.format.decode(bytes, from * itemBytes, count, this.#values, this.#filled);
    this.#filled += count;
  }

  finish(): ColumnData {
    return { kind: 'flat', values: this.#values.subarray(0, this.#wanted), length: this.length };
  }

  /** For numbers whose bytes are known to be there: what a file only claims is not allocated. */
  #reserve(more: number): void {
    const needed = this.#filled + more;
    if (needed <= this.#values.length) return;
    const grown = numberArray(this.format.type, Math.max(needed, Math.min(this.#wanted, 4 * this.#values.length)));
    const bytes = bytesUnder(grown);
    this.#bytes.copy(bytes, 0, 0, this.#filled * bytesOf(this.format.type));
    this.#values = grown;
    this.#bytes = bytes;
  }

  #check(border: number, count: number, place: Place): void {
    const wanted = count * this.length * this.format.itemBytes;
    if (border !== wanted)
      throw new CorruptFileError(place, `it holds ${border} bytes, where ${count} entries take ${wanted}`);
  }
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0;

/** Any number of items an entry, behind `header` bytes each; an item is a fixed array of `length` numbers. */
export class ListLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: NumberArray;
  #bytes: Buffer;
  #offsets = new Int32Array(1);
  #entries = 0;
  #wanted = 0;
  #filled = 0;
  constructor(
    readonly format: NumberFormat,
    readonly header: number,
    readonly length: number,
  ) {
    this.#values = numberArray(format.type, 1024);
    this.#bytes = bytesUnder(this.#values);
  }

  begin(entries: number): void {
    this.#entries = 0;
    this.#filled = 0;
    this.#wanted = entries;
    if (this.#offsets.length < entries + 1) this.#offsets = new Int32Array(entries + 1);
    this.#offsets[0] = 0;
  }

  direct({ objlen, border }: BasketHeader): Buffer | undefined {
    if (!this.format.plain || this.header !== 0 || objlen === border) return undefined;
    this.#reserve(Math.ceil(objlen / this.format.itemBytes));
    const at = this.#filled * this.format.itemBytes;
    return this.#bytes.subarray(at, at + objlen);
  }

  placed(header: BasketHeader, place: Place): void {
    const { border, objlen, count } = header;
    const begin = this.#filled * this.format.itemBytes;
    const bytes = this.#bytes.subarray(begin, begin + objlen);
    const tail = checkedTail(bytes, header, place);
    if (tail.byteOffset % 4 === 0 && isPowerOfTwo(this.format.itemBytes * this.length))
      this.#addTail(tail, header, place);
    else this.#addOffsets(entryOffsets(bytes, header, place), { from: 0, to: count }, place);
    swapItems(bytes.subarray(0, border), bytesOf(this.format.type));
    this.#filled += border / this.format.itemBytes;
  }

  /** The same as `#addOffsets`, straight from the basket's bytes: where most of a list's time goes that decompression leaves. */
  #addTail(tail: Buffer, { border, count, keylen }: BasketHeader, place: Place): void {
    if (count === 0) return;
    const begins = new Int32Array(tail.swap32().buffer, tail.byteOffset, count);
    const shift = 31 - Math.clz32(this.format.itemBytes);
    const base = this.#offsets[this.#entries]!;
    // Bits that no length may have: a sign, or a part of an item.
    const partial = this.format.itemBytes * this.length - 1;
    let wrong = begins[0]! - keylen;
    let previous = keylen;
    const offsets = this.#offsets.subarray(this.#entries, this.#entries + count);
    for (let i = 1; i < offsets.length; i++) {
      const at = begins[i]!;
      const length = at - previous;
      wrong |= (length & partial) | (length >> 31);
      offsets[i] = base + ((at - keylen) >> shift);
      previous = at;
    }
    const last = border + keylen - previous;
    wrong |= (last & partial) | (last >> 31);
    if (wrong !== 0) throw new CorruptFileError(place, 'its entries begin where no item ends');
    this.#entries += count;
    this.#offsets[this.#entries] = base + (border >> shift);
  }

  add({ bytes, offsets }: BasketContents, part: Part, place: Place): void {
    if (offsets === undefined) throw new CorruptFileError(place, 'it does not say where its entries begin');
    const { from, to } = part;
    const begin = offsets[from]!;
    const end = offsets[to]!;
    this.#addOffsets(offsets, part, place);
    const count = (end - begin - this.header * (to - from)) / this.format.itemBytes;
    this.#reserve(count);
    if (this.header === 0) this.format.decode(bytes, begin, count, this.#values, this.#filled);
    else {
      let at = this.#filled;
      for (let i = from; i < to; i++) {
        const n = (offsets[i + 1]! - offsets[i]! - this.header) / this.format.itemBytes;
        this.format.decode(bytes, offsets[i]! + this.header, n, this.#values, at);
        at += n;
      }
    }
    this.#filled += count;
  }

  finish(): ColumnData {
    return {
      kind: 'list',
      offsets: this.#offsets.subarray(0, this.#wanted + 1),
      values: this.#values.subarray(0, this.#filled),
    };
  }

  /** Adds the entries' ends; their lengths in bytes must be whole numbers of items. */
  #addOffsets(offsets: Int32Array, { from, to }: Part, place: Place): void {
    const { itemBytes } = this.format;
    let total = this.#offsets[this.#entries]!;
    for (let i = from; i < to; i++) {
      const length = (offsets[i + 1]! - offsets[i]! - this.header) / itemBytes;
      if (!(length >= 0) || length % this.length !== 0)
        throw new CorruptFileError(
          place,
          `its entry ${i} is ${offsets[i + 1]! - offsets[i]!} bytes long, in items of ${itemBytes}`,
        );
      total += length;
      this.#offsets[++this.#entries] = total;
    }
  }

  #reserve(more: number): void {
    const needed = this.#filled + more;
    if (needed <= this.#values.length) return;
    const grown = numberArray(this.format.type, Math.max(needed, Math.ceil(this.#values.length * 1.5)));
    const bytes = bytesUnder(grown);
    this.#bytes.copy(bytes, 0, 0, this.#filled * bytesOf(this.format.type));
    this.#values = grown;
    this.#bytes = bytes;
  }
}
