/**
 * Entry lists: which entries of a file a query is to see. On the wire and on disk they are pairs [first, end, first, end, …], ascending
 * and apart, so that a cut of neighbours takes two numbers and not thousands. Pure.
 */
import { z } from 'zod';
import { count } from './ids.js';

/** Pairs first, end: half-open ranges, ascending, none empty. */
export const entryPairs = z
  .array(count)
  .max(20_000_000)
  .refine(arePairs, 'must be pairs first, end: ascending, apart, none empty');

function arePairs(pairs: readonly number[]): boolean {
  if (pairs.length % 2 !== 0) return false;
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i]! >= pairs[i + 1]!) return false;
    if (i > 0 && pairs[i]! < pairs[i - 1]!) return false;
  }
  return true;
}

/** Entry numbers in any order, each once however often it is given -> pairs. */
export function pairsOf(entries: Iterable<number>): number[] {
  const pairs: number[] = [];
  for (const entry of [...entries].sort((a, b) => a - b)) {
    const end = pairs.at(-1);
    if (end === entry) pairs[pairs.length - 1] = entry + 1;
    else if (end === undefined || entry > end) pairs.push(entry, entry + 1);
  }
  return pairs;
}

/** The part of `pairs` inside [first, end). */
export function pairsWithin(pairs: readonly number[], first: number, end: number): number[] {
  const within: number[] = [];
  for (let i = pairs.length === 0 ? 0 : rangeAt(pairs, first); i < pairs.length && pairs[i]! < end; i += 2) {
    const [from, to] = [Math.max(pairs[i]!, first), Math.min(pairs[i + 1]!, end)];
    if (from < to) within.push(from, to);
  }
  return within;
}

export function pairsSize(pairs: readonly number[]): number {
  let size = 0;
  for (let i = 0; i < pairs.length; i += 2) size += pairs[i + 1]! - pairs[i]!;
  return size;
}

/** Where the first range stands that ends behind `entry`. */
function rangeAt(pairs: readonly number[], entry: number): number {
  let low = 0;
  let high = pairs.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pairs[2 * middle + 1]! <= entry) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}

/** The selected entries of one file, numbered 0 … size - 1: places in the list <-> entries of the file. */
export class EntryList {
  /** Places before each range. */
  readonly #before: Float64Array;
  readonly size: number;

  constructor(readonly pairs: readonly number[]) {
    this.#before = new Float64Array(pairs.length / 2);
    let size = 0;
    for (let i = 0; i < this.#before.length; i++) {
      this.#before[i] = size;
      size += pairs[2 * i + 1]! - pairs[2 * i]!;
    }
    this.size = size;
  }

  /** One more than the last entry that it names. */
  get end(): number {
    return this.pairs.at(-1) ?? 0;
  }

  /** How many of its entries come before this one: the entry's own place, where the list has it. */
  placeOf(entry: number): number {
    const at = rangeAt(this.pairs, entry);
    if (at >= this.pairs.length) return this.size;
    return this.#before[at / 2]! + Math.max(0, entry - this.pairs[at]!);
  }

  /** The entry at that place, of [0, size). */
  entryAt(place: number): number {
    let low = 0;
    let high = this.#before.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#before[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return this.pairs[2 * low]! + place - this.#before[low]!;
  }

  /** The places [first, end) as a range of the file, and the entries in it that are meant. */
  range(first: number, end: number): { first: number; end: number; only: number[] } {
    const [from, to] = [this.entryAt(first), this.entryAt(end - 1) + 1];
    return { first: from, end: to, only: pairsWithin(this.pairs, from, to) };
  }
}

/** An entry list as a query carries it. */
export const namedEntryList = z.object({
  /** As the user called it, for messages. */
  name: z.string().max(10_000),
  /** The DATASET words that it is for, [first, end) of them; null: all. */
  words: z.tuple([count, count]).nullable(),
  parts: z
    .array(
      z.object({
        /** Path, URL or LFN of the file; null: the list numbers the entries along the files of its words. */
        file: z.string().max(16_000).nullable(),
        entries: entryPairs,
      }),
    )
    .max(1_000_000),
});
export type NamedEntryList = z.infer<typeof namedEntryList>;

/** A friend of a query's data set: its i-th file goes with the i-th file, entry by entry. */
export const friendSet = z.object({
  /** Its columns are `ALIAS/name`. */
  alias: z.string().regex(/^[A-Za-z_]\w{0,99}$/, 'must be a word: letters, digits and _'),
  /** DATASET words. */
  dataset: z.array(z.string().max(100_000)).min(1).max(1_000_000),
});
export type FriendSet = z.infer<typeof friendSet>;
