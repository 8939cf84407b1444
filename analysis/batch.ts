/** What `processBatch` gets: the named branches of entries [first, end) as typed arrays, valid until the method returns. */
import type { ColumnData, NumberArray } from '../rootio/table.js';
import { ColumnUseError } from './errors.js';
import type { EntryRandom } from './random.js';

type PlainArray = Exclude<NumberArray, BigInt64Array | BigUint64Array>;

export interface Lists<A> {
  /** n + 1 of them, from 0: list k is values[offsets[k] .. offsets[k + 1]). */
  readonly offsets: Int32Array;
  readonly values: A;
}

export class Batch {
  readonly length: number;
  readonly #column: (name: string) => ColumnData;
  readonly #random: (entry: number) => EntryRandom;

  /** @internal */
  constructor(
    /** Entry numbers are those in the file. */
    readonly first: number,
    readonly end: number,
    access: { column: (name: string) => ColumnData; random: (entry: number) => EntryRandom },
  ) {
    this.length = end - first;
    this.#column = access.column;
    this.#random = access.random;
  }

  /** One number an entry (a fixed array: that many). 64-bit branches: `flat<BigInt64Array>('event')`. */
  flat<A extends NumberArray = PlainArray>(branch: string): A {
    const data = this.#column(branch);
    if (data.kind !== 'flat')
      throw new ColumnUseError(`${branch} is not flat but ${data.kind}: ${hintFor(data.kind, branch)}.`);
    return data.values as A;
  }

  lists<A extends NumberArray = PlainArray>(branch: string): Lists<A> {
    const data = this.#column(branch);
    if (data.kind !== 'list')
      throw new ColumnUseError(`${branch} holds no lists but is ${data.kind}: ${hintFor(data.kind, branch)}.`);
    return { offsets: data.offsets, values: data.values as A };
  }

  /** Lists of lists: offsets index `inner`, which indexes `values`. */
  nested<A extends NumberArray = PlainArray>(branch: string): Lists<A> & { readonly inner: Int32Array } {
    const data = this.#column(branch);
    if (data.kind !== 'nested')
      throw new ColumnUseError(`${branch} is not nested but ${data.kind}: ${hintFor(data.kind, branch)}.`);
    return { offsets: data.offsets, inner: data.inner, values: data.values as A };
  }

  /** One text an entry. */
  texts(branch: string): readonly string[] {
    const data = this.#column(branch);
    if (data.kind !== 'string')
      throw new ColumnUseError(`${branch} is not text but ${data.kind}: ${hintFor(data.kind, branch)}.`);
    return data.values;
  }

  /** Whatever was loaded, with its kind. */
  column(branch: string): ColumnData {
    return this.#column(branch);
  }

  /** The random numbers of one entry: the same as in `process`. */
  random(entry: number): EntryRandom {
    return this.#random(entry);
  }
}

function hintFor(kind: ColumnData['kind'], branch: string): string {
  const methods: Record<ColumnData['kind'], string> = {
    flat: 'flat',
    list: 'lists',
    nested: 'nested',
    string: 'texts',
    strings: 'column',
    object: 'column',
  };
  return `use batch.${methods[kind]}('${branch}')`;
}
