/**
 * Sums whose result is independent of order and grouping: the same bits on 1 worker and on 1000.
 *
 * Each of the n sums is a two-term expansion hi + lo. An addition is two error-free transformations (Knuth's TwoSum: the rounding
 * error of a double addition is itself a double); where even lo cannot take the error, the residue goes into an ExactAccumulator of
 * that sum, and so does everything that overflows or is not finite. Invariant: hi(i) + lo(i) + spill(i) is the exact sum.
 * It travels and merges in that form and is rounded once, half to even, by `value`; a zero is +0.
 * Rules of the result: a NaN, or both infinities -> NaN; an infinity -> that infinity; an exact sum beyond the doubles -> infinity.
 * Source: D. E. Knuth, The Art of Computer Programming 2, 4.2.2, theorem B.
 */
import { type EncodedAccumulator, ExactAccumulator } from './exact-accumulator.js';

export class ExactSums {
  /** hi and lo of one sum beside each other: hi[i] is terms[2 i]. */
  readonly #terms: Float64Array;
  #spill: Map<number, ExactAccumulator> | undefined;

  constructor(readonly size: number) {
    this.#terms = new Float64Array(2 * size);
  }

  add(i: number, x: number): void {
    const terms = this.#terms;
    const at = i << 1;
    const h = terms[at]!;
    const s = h + x;
    const a = s - h;
    const e = h - (s - a) + (x - a);
    const l = terms[at + 1]!;
    const t = l + e;
    // Both differences give the terms back only where t is exact (of the larger term's that is a theorem); never with NaN or infinities.
    if (t - l === e && t - e === l) {
      terms[at] = s;
      terms[at + 1] = t;
    } else this.#addSlowly(i, x);
  }

  hi(i: number): number {
    return this.#terms[2 * i]!;
  }
  lo(i: number): number {
    return this.#terms[2 * i + 1]!;
  }
  /** Makes the two terms of sum i these: what another process took from `hi` and `lo`. */
  restore(i: number, hi: number, lo: number): void {
    this.#terms[2 * i] = hi;
    this.#terms[2 * i + 1] = lo;
  }

  /** The sum rounded to a double, `plus` (a whole number below 2^53) added exactly before. */
  value(i: number, plus = 0): number {
    const hi = this.hi(i);
    const lo = this.lo(i);
    const spill = this.#spill?.get(i);
    if (spill === undefined && plus === 0) return hi + lo || 0; // both finite: never NaN, and -0 becomes 0
    if (spill === undefined && hi === 0 && lo === 0) return plus;
    return this.#total([i], plus);
  }

  /** The sum of the sums `indices`, rounded once. */
  valueOfAll(indices: Iterable<number>, plus = 0): number {
    return this.#total(indices, plus);
  }

  isZero(i: number): boolean {
    return this.hi(i) === 0 && this.lo(i) === 0 && this.#spill?.has(i) !== true;
  }

  /** Makes sum i this very number. */
  set(i: number, x: number): void {
    this.clear(i);
    this.add(i, x);
  }

  clear(i: number): void {
    this.restore(i, 0, 0);
    this.#spill?.delete(i);
  }

  clearEach(indices: readonly number[]): void {
    for (const i of indices) this.clear(i);
  }

  clearAll(): void {
    this.#terms.fill(0);
    this.#spill = undefined;
  }

  /** Adds sum `j` of `other` to sum `i`, exactly. */
  merge(i: number, other: ExactSums, j: number): void {
    const hi = other.hi(j);
    const lo = other.lo(j);
    if (hi !== 0) this.add(i, hi);
    if (lo !== 0) this.add(i, lo);
    const spill = other.#spill?.get(j);
    if (spill !== undefined) this.#accumulator(i).merge(spill);
  }

  /** `merge` of each of `others` to its partner in `indices`. */
  mergeEach(indices: readonly number[], other: ExactSums, others: readonly number[]): void {
    for (let k = 0; k < others.length; k++) this.merge(indices[k]!, other, others[k]!);
  }

  /** The accumulators of those sums that have one. */
  *spills(): Iterable<readonly [number, EncodedAccumulator]> {
    for (const [i, spill] of this.#spill ?? []) yield [i, spill.encode()];
  }

  mergeSpill(i: number, spill: ExactAccumulator): void {
    this.#accumulator(i).merge(spill);
  }

  #addSlowly(i: number, x: number): void {
    const spill = this.#accumulator(i);
    const h = this.hi(i);
    const l = this.lo(i);
    const s = h + x;
    const a = s - h;
    const e = h - (s - a) + (x - a);
    const t = l + e;
    const b = t - l;
    const residue = l - (t - b) + (e - b);
    if (Number.isFinite(residue)) {
      this.restore(i, s, t);
      spill.add(residue);
      return;
    }
    for (const term of [h, l, x]) spill.add(term);
    this.restore(i, 0, 0);
  }

  #accumulator(i: number): ExactAccumulator {
    this.#spill ??= new Map();
    let found = this.#spill.get(i);
    if (found === undefined) {
      found = new ExactAccumulator();
      this.#spill.set(i, found);
    }
    return found;
  }

  #total(indices: Iterable<number>, plus: number): number {
    const total = new ExactAccumulator();
    total.add(plus);
    for (const i of indices) {
      total.add(this.hi(i));
      total.add(this.lo(i));
      const spill = this.#spill?.get(i);
      if (spill !== undefined) total.merge(spill);
    }
    return total.value();
  }
}
