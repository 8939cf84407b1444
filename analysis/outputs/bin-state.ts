/**
 * What the bins of a histogram or profile hold, as exact sums: the state that is filled, sent and merged.
 *
 * Fills of weight 1 are counted (`counts`); others add to `w` and `w2`, which exist from the first such fill on. A bin's content is
 * counts + w, its sum of squared weights counts + w2; so the order of weighted and unweighted fills cannot show. Profiles also
 * have `y` and `y2`. `touched` marks the cells that were filled: clearing, merging and sending cost what was filled (and a glance at the marks).
 */

import { ExactSums } from '../exact-sum.js';
import { type BinPart, type BinShape, CELL_SUMS, SUM_NAMES, type SumName, type Terms } from './bin-part.js';
import { compact, type Numbers } from './compact.js';
import type { Part } from './output.js';

export class BinState {
  readonly counts: Float64Array;
  w: ExactSums | null = null;
  w2: ExactSums | null = null;
  readonly y: ExactSums | null;
  readonly y2: ExactSums | null;
  readonly stats: ExactSums;
  readonly touched: Uint8Array;
  /** The same bytes, four at a time: most are zero in a large histogram. */
  readonly #blocks: Uint32Array;
  entries = 0;

  constructor(readonly shape: BinShape) {
    this.counts = new Float64Array(shape.cells);
    this.y = shape.isProfile ? new ExactSums(shape.cells) : null;
    this.y2 = shape.isProfile ? new ExactSums(shape.cells) : null;
    this.stats = new ExactSums(shape.nstats);
    this.touched = new Uint8Array(4 * Math.ceil(shape.cells / 4));
    this.#blocks = new Uint32Array(this.touched.buffer);
  }

  /** Was any weight other than 1 filled? (`w` and `w2` may exist, empty, without: they are kept for the next packet.) */
  isWeighted = false;
  /** Was a bin's content set by hand? Then `stats` say nothing of the bins (bin-statistics.ts). Only on the client, after the merge. */
  isSet = false;

  /** One fill: of the bin alone; the sums of coordinates are the histogram's. */
  count(cell: number, weight: number): void {
    this.entries++;
    this.touched[cell] = 1;
    if (weight === 1) this.counts[cell]!++;
    else this.#weigh(cell, weight);
  }

  /** `count` for the first n. */
  countAll(cells: Int32Array, weights: Float64Array, n: number): void {
    for (let i = 0; i < n; i++) this.count(cells[i]!, weights[i]!);
  }

  #weigh(cell: number, weight: number): void {
    if (!this.isWeighted) this.makeWeighted();
    this.w!.add(cell, weight);
    this.w2!.add(cell, weight * weight);
  }

  makeWeighted(): void {
    this.isWeighted = true;
    this.w ??= new ExactSums(this.shape.cells);
    this.w2 ??= new ExactSums(this.shape.cells);
  }

  content(cell: number): number {
    const count = this.counts[cell]!;
    return this.w === null ? count : this.w.value(cell, count);
  }

  sumw2(cell: number): number {
    const count = this.counts[cell]!;
    return this.w2 === null ? count : this.w2.value(cell, count);
  }

  /** The sum over the cells that are to count, rounded once: of weights, their squares, or a profile's y. */
  total(name: Exclude<SumName, 'stats'>, doesCount: (cell: number) => boolean): number {
    const cells = this.touchedCells().filter(doesCount);
    const counts = name === 'w' || name === 'w2' ? cells.reduce((n, cell) => n + this.counts[cell]!, 0) : 0;
    return this[name]?.valueOfAll(cells, counts) ?? counts;
  }

  /** One number of each cell; 0 of those in which nothing is. */
  numbers(value: (cell: number) => number): Float64Array {
    const all = new Float64Array(this.shape.cells);
    for (const cell of this.touchedCells()) all[cell] = value(cell);
    return all;
  }

  /** Makes a bin's content (and sum of squared weights) these very numbers. */
  set(cell: number, content: number, sumw2: number): void {
    this.makeWeighted();
    this.touched[cell] = 1;
    this.counts[cell] = 0;
    this.w!.set(cell, content);
    this.w2!.set(cell, sumw2);
  }

  /** Multiplies every (rounded) sum of weights by `factor`, of squared weights by its square. */
  scale(factor: number): void {
    for (const cell of this.touchedCells())
      this.set(cell, this.content(cell) * factor, this.sumw2(cell) * factor * factor);
    for (let i = 0; i < this.shape.nstats; i++) this.stats.set(i, this.stats.value(i) * factor);
  }

  clear(): void {
    if (this.entries === 0) return;
    const cells = this.touchedCells();
    for (const cell of cells) this.counts[cell] = 0;
    for (const name of CELL_SUMS) this[name]?.clearEach(cells);
    this.isWeighted = false;
    this.isSet = false;
    this.stats.clearAll();
    this.touched.fill(0);
    this.entries = 0;
  }

  /** Adds another state, exactly. @param place which cell here takes a cell of the other; without it the shapes are the same */
  absorb(other: BinState, place?: (cell: number) => number): void {
    if (other.isWeighted) this.makeWeighted();
    this.entries += other.entries;
    const cells = other.touchedCells();
    const targets = place === undefined ? cells : cells.map(place);
    for (let i = 0; i < cells.length; i++) {
      const target = targets[i]!;
      this.counts[target]! += other.counts[cells[i]!]!;
      this.touched[target] = 1;
    }
    for (const name of CELL_SUMS) {
      const theirs = other[name];
      if (theirs !== null) this[name]?.mergeEach(targets, theirs, cells);
    }
    for (let i = 0; i < this.shape.nstats; i++) this.stats.merge(i, other.stats, i);
  }

  encode(): Part {
    const cells = this.touchedCells();
    const spills: unknown[] = [];
    SUM_NAMES.forEach((name, which) => {
      for (const [at, spill] of this[name]?.spills() ?? []) spills.push({ which, at, ...spill });
    });
    const pick = (value: (cell: number) => number): Numbers => compact(Float64Array.from(cells, value));
    const pickSum = (sums: ExactSums | null, term: 'hi' | 'lo'): Numbers | null =>
      sums === null ? null : pick((cell) => sums[term](cell));
    const stats = Array.from({ length: this.shape.nstats }, (_, i) => i);
    return {
      entries: this.entries,
      weighted: this.isWeighted,
      cells: compact(Float64Array.from(cells)),
      counts: pick((cell) => this.counts[cell]!),
      hi: CELL_SUMS.map((name) => pickSum(this[name], 'hi')),
      lo: CELL_SUMS.map((name) => pickSum(this[name], 'lo')),
      statsHi: Float64Array.from(stats, (i) => this.stats.hi(i)),
      statsLo: Float64Array.from(stats, (i) => this.stats.lo(i)),
      spills,
    };
  }

  /** Adds what arrived, exactly. */
  add(part: BinPart): void {
    if (part.isWeighted) this.makeWeighted();
    this.entries += part.entries;
    for (const [i, cell] of part.cells.entries()) {
      this.counts[cell]! += part.counts[i]!;
      this.touched[cell] = 1;
    }
    for (const name of CELL_SUMS) addTerms(this[name], part.sums[name], (i) => part.cells[i]!);
    addTerms(this.stats, part.stats, (i) => i);
    for (const { name, at, sum } of part.spills) {
      if (name !== 'stats') this.touched[at] = 1;
      this[name]?.mergeSpill(at, sum);
    }
  }

  /** Ascending. */
  touchedCells(): readonly number[] {
    const { touched } = this;
    const { cells } = this.shape;
    const found: number[] = [];
    for (let block = 0; block < this.#blocks.length; block++) {
      if (this.#blocks[block] === 0) continue;
      const end = Math.min(4 * block + 4, cells);
      for (let cell = 4 * block; cell < end; cell++) if (touched[cell] !== 0) found.push(cell);
    }
    return found;
  }
}

function addTerms(sums: ExactSums | null, terms: Terms | null, at: (i: number) => number): void {
  if (sums === null || terms === null) return;
  for (const [i, hi] of terms.hi.entries()) {
    const lo = terms.lo[i]!;
    if (hi !== 0) sums.add(at(i), hi);
    if (lo !== 0) sums.add(at(i), lo);
  }
}
