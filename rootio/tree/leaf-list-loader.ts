/** One leaf of a leaf list in which some leaves vary in length, counted by a leaf ahead of them: each entry is walked leaf by leaf. */
import { CorruptFileError, type Place } from '../errors.js';
import { numberArray } from '../number-type.js';
import type { ColumnData, NumberArray } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';
import type { NumberFormat } from './number-format.js';

export interface ListedLeaf {
  readonly format: NumberFormat;
  /** Numbers, or numbers for each of the count. */
  readonly length: number;
  /** Index of the leaf that counts this one. */
  readonly countedBy?: number;
}

export class LeafListLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: NumberArray;
  #filled = 0;
  #offsets: number[] = [0];
  /** @param wanted index of the leaf that is the column */
  constructor(
    readonly leaves: readonly ListedLeaf[],
    readonly wanted: number,
  ) {
    this.#values = numberArray(leaves[wanted]!.format.type, 256);
  }

  begin(): void {
    this.#filled = 0;
    this.#offsets = [0];
  }

  add({ bytes, offsets, border }: BasketContents, { from, to }: Part, place: Place): void {
    let at = 0;
    for (let i = offsets === undefined ? 0 : from; i < to; i++) {
      const begin = offsets?.[i] ?? at;
      at = this.#walk(bytes, begin, offsets?.[i + 1] ?? border, i >= from, place);
    }
  }

  /** @returns where the entry ends */
  #walk(bytes: Buffer, begin: number, end: number, isWanted: boolean, place: Place): number {
    const counts: number[] = [];
    let at = begin;
    for (const [index, { format, length, countedBy }] of this.leaves.entries()) {
      const count = length * (countedBy === undefined ? 1 : counts[countedBy]!);
      const next = at + count * format.itemBytes;
      if (!(count >= 0) || next > end)
        throw new CorruptFileError(place, `a leaf of ${count} numbers is claimed where ${end - at} bytes are`);
      counts.push(firstNumber(format, bytes, at, count));
      if (isWanted && index === this.wanted) this.#take(bytes, at, count);
      at = next;
    }
    return at;
  }

  #take(bytes: Buffer, at: number, count: number): void {
    const { format } = this.leaves[this.wanted]!;
    if (this.#filled + count > this.#values.length) {
      const grown = numberArray(format.type, 2 * (this.#filled + count));
      (grown as Uint8Array).set(this.#values as Uint8Array);
      this.#values = grown;
    }
    format.decode(bytes, at, count, this.#values, this.#filled);
    this.#filled += count;
    this.#offsets.push(this.#filled);
  }

  finish(): ColumnData {
    const values = this.#values.subarray(0, this.#filled);
    const { countedBy, length } = this.leaves[this.wanted]!;
    if (countedBy === undefined) return { kind: 'flat', values, length };
    return { kind: 'list', offsets: Int32Array.from(this.#offsets), values };
  }
}

/** Of a leaf that may be a counter. */
function firstNumber(format: NumberFormat, bytes: Buffer, at: number, count: number): number {
  if (count !== 1) return -1;
  const one = numberArray(format.type, 1);
  format.decode(bytes, at, 1, one, 0);
  return Number(one[0]);
}
