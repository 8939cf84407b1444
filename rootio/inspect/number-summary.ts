/** A row of numbers in a few: how many, their exact sum, extremes, the first five, and the CRC-32 of their little-endian bytes. */
import { crc32 } from 'node:zlib';
import { bytesUnder } from '../number-type.js';
import type { NumberArray, NumberType } from '../table.js';
import { ExactTotal } from './exact-total.js';
import type { JsonNumber } from './json-text.js';

export interface NumberSummary {
  readonly dtype: NumberType;
  readonly shape: readonly number[];
  readonly crc32: number;
  readonly sum?: JsonNumber;
  readonly min?: JsonNumber | boolean;
  readonly max?: JsonNumber | boolean;
  readonly first?: readonly (JsonNumber | boolean)[];
}

const FIRST = 5;
/** So many 32-bit numbers add up below 2^53. */
const MOST_EXACT = 2 ** 21;

function isSmallInteger(values: NumberArray): values is Exclude<NumberArray, BigInt64Array | BigUint64Array> {
  const isBig = values instanceof BigInt64Array || values instanceof BigUint64Array;
  return !isBig && !(values instanceof Float32Array) && !(values instanceof Float64Array);
}

export class NumberSummarizer {
  #crc = 0;
  #count = 0;
  readonly #total = new ExactTotal();
  #min: number | bigint | undefined;
  #max: number | bigint | undefined;
  #isNan = false;
  readonly #first: (number | bigint)[] = [];
  /** @param dims fixed dimensions of each item */
  constructor(
    readonly type: NumberType,
    readonly dims: readonly number[] = [],
  ) {}

  add(values: NumberArray): void {
    // The machine's order is little-endian wherever Node runs.
    this.#crc = crc32(bytesUnder(values), this.#crc);
    this.#count += values.length;
    for (let i = 0; i < values.length && this.#first.length < FIRST; i++) this.#first.push(values[i]!);
    if (isSmallInteger(values) && values.length <= MOST_EXACT) this.#addIntegers(values);
    else this.#addAny(values);
  }

  /** Integers of up to 32 bits: a plain sum of so many is exact. */
  #addIntegers(values: Exclude<NumberArray, BigInt64Array | BigUint64Array>): void {
    if (values.length === 0) return;
    const isBool = this.type === 'bool';
    let sum = 0;
    let min = values[0]!;
    let max = min;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      sum += isBool ? Number(value !== 0) : value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.#total.add(sum);
    if (this.#min === undefined || min < this.#min) this.#min = min;
    if (this.#max === undefined || max > this.#max) this.#max = max;
  }

  #addAny(values: NumberArray): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      this.#total.add(Number(value));
      if (Number.isNaN(value)) this.#isNan = true;
      else {
        if (this.#min === undefined || value < this.#min) this.#min = value;
        if (this.#max === undefined || value > this.#max) this.#max = value;
      }
    }
  }

  summary(): NumberSummary {
    const item = this.dims.reduce((product, dim) => product * dim, 1);
    const base = { dtype: this.type, shape: [item === 0 ? 0 : this.#count / item, ...this.dims], crc32: this.#crc };
    if (this.#count === 0) return base;
    const shown = (value: number | bigint): JsonNumber | boolean => (this.type === 'bool' ? value !== 0 : value);
    const extreme = (value: number | bigint | undefined): JsonNumber | boolean =>
      this.#isNan ? Number.NaN : shown(value!);
    return {
      ...base,
      sum: this.#total.value,
      min: extreme(this.#min),
      max: extreme(this.#max),
      first: this.#first.map(shown),
    };
  }
}

export function summarize(type: NumberType, values: NumberArray, dims: readonly number[] = []): NumberSummary {
  const summarizer = new NumberSummarizer(type, dims);
  summarizer.add(values);
  return summarizer.summary();
}
