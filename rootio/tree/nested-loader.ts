/**
 * Lists of lists of numbers: a `vector<vector<number>>` (behind a header and a count), or a `vector<number>` member of a split
 * collection (without the outer count: the lists end where the entry ends).
 */
import { CorruptFileError, type Place } from '../errors.js';
import { numberArray } from '../number-type.js';
import type { ColumnData, NumberArray } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';
import type { NumberFormat } from './number-format.js';

export class NestedLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: NumberArray;
  #filled = 0;
  #offsets: number[] = [0];
  #inner: number[] = [0];
  constructor(
    readonly format: NumberFormat,
    readonly header: number,
    readonly counted: boolean,
  ) {
    this.#values = numberArray(format.type, 1024);
  }

  begin(): void {
    this.#filled = 0;
    this.#offsets = [0];
    this.#inner = [0];
  }

  add({ bytes, offsets }: BasketContents, { from, to }: Part, place: Place): void {
    if (offsets === undefined) throw new CorruptFileError(place, 'it does not say where its entries begin');
    for (let i = from; i < to; i++) {
      this.#addEntry(bytes, offsets[i]! + this.header, offsets[i + 1]!, place);
      this.#offsets.push(this.#inner.length - 1);
    }
  }

  #addEntry(bytes: Buffer, begin: number, end: number, place: Place): void {
    const { itemBytes } = this.format;
    let at = begin;
    let lists = Number.MAX_SAFE_INTEGER;
    if (this.counted) {
      lists = count(bytes, at, end, 4, place);
      at += 4;
    }
    for (; lists > 0 && (at < end || this.counted); lists--) {
      const length = count(bytes, at, end, itemBytes, place);
      this.#reserve(length);
      this.format.decode(bytes, at + 4, length, this.#values, this.#filled);
      this.#filled += length;
      this.#inner.push(this.#filled);
      at += 4 + length * itemBytes;
    }
  }

  finish(): ColumnData {
    return {
      kind: 'nested',
      offsets: Int32Array.from(this.#offsets),
      inner: Int32Array.from(this.#inner),
      values: this.#values.subarray(0, this.#filled),
    };
  }

  #reserve(more: number): void {
    if (this.#filled + more <= this.#values.length) return;
    const grown = numberArray(this.format.type, Math.max(this.#filled + more, this.#values.length * 2));
    (grown as Uint8Array).set(this.#values as Uint8Array);
    this.#values = grown;
  }
}

/** A 32-bit count of items of at least `itemBytes` each, which must fit before `end`. */
function count(bytes: Buffer, at: number, end: number, itemBytes: number, place: Place): number {
  const stated = at + 4 <= end ? bytes.readUInt32BE(at) : -1;
  if (stated < 0 || at + 4 + stated * itemBytes > end)
    throw new CorruptFileError(
      place,
      `a list of ${stated} items of ${itemBytes} bytes is claimed where ${end - at - 4} bytes are`,
    );
  return stated;
}
