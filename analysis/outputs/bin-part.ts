/** Bins as an increment carries them: the cells that hold anything, in narrow arrays; and the check on arrival. */
import { IncrementError } from '../errors.js';
import { ExactAccumulator } from '../exact-accumulator.js';
import { numbersOf } from './compact.js';
import type { Part } from './output.js';

/** How many cells (under- and overflows included), how many sums of coordinates, and whether each cell has sums of y. */
export interface BinShape {
  readonly cells: number;
  readonly nstats: number;
  readonly isProfile: boolean;
}

export const CELL_SUMS = ['w', 'w2', 'y', 'y2'] as const;
export const SUM_NAMES = [...CELL_SUMS, 'stats'] as const;
export type SumName = (typeof SUM_NAMES)[number];

/** Two terms of each sum, side by side. */
export interface Terms {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
}
export interface Spill {
  readonly name: SumName;
  /** Cell, or number of the sum of coordinates. */
  readonly at: number;
  readonly sum: ExactAccumulator;
}
/** A part that has been checked against the shape of its histogram. */
export interface BinPart {
  readonly entries: number;
  readonly isWeighted: boolean;
  /** Ascending. */
  readonly cells: Float64Array;
  readonly counts: Float64Array;
  readonly sums: Readonly<Record<(typeof CELL_SUMS)[number], Terms | null>>;
  readonly stats: Terms;
  readonly spills: readonly Spill[];
}

/** @throws {IncrementError} where the part contradicts the shape or itself */
export function checkBinPart({ cells: ncells, nstats, isProfile }: BinShape, part: Part): BinPart {
  const { entries, weighted, hi, lo, spills } = part;
  if (!Number.isSafeInteger(entries) || (entries as number) < 0) fail('its number of entries');
  const cells = numbersOf(part['cells']) ?? fail('its cells');
  cells.forEach((cell, i) => {
    const isNext = Number.isInteger(cell) && cell > (i === 0 ? -1 : cells[i - 1]!);
    if (!isNext || cell >= ncells) fail('a cell outside');
  });
  const counts = ofLength(part['counts'], cells.length);
  if (counts.some((n) => !Number.isSafeInteger(n) || n < 0)) fail('a count');
  if (!Array.isArray(hi) || !Array.isArray(lo) || !Array.isArray(spills)) return fail('its sums');
  const isWeighted = weighted === true;
  const sum = (which: number, exists: boolean): Terms | null =>
    exists ? termsOf(hi[which], lo[which], cells.length) : null;
  return {
    entries: entries as number,
    isWeighted,
    cells,
    counts,
    sums: { w: sum(0, isWeighted), w2: sum(1, isWeighted), y: sum(2, isProfile), y2: sum(3, isProfile) },
    stats: termsOf(part['statsHi'], part['statsLo'], nstats),
    spills: (spills as readonly unknown[]).map((spill) => {
      const { which, at } = (spill ?? {}) as { which?: unknown; at?: unknown };
      const name = SUM_NAMES[which as number];
      const exists = name === 'stats' || (name?.startsWith('y') === true ? isProfile : isWeighted);
      const size = name === 'stats' ? nstats : ncells;
      if (name === undefined || !exists || !Number.isInteger(at) || (at as number) < 0 || (at as number) >= size)
        return fail('a sum that belongs to no bin');
      return { name, at: at as number, sum: ExactAccumulator.decode(spill) };
    }),
  };
}

function termsOf(hi: unknown, lo: unknown, length: number): Terms {
  const terms = { hi: ofLength(hi, length), lo: ofLength(lo, length) };
  for (const values of [terms.hi, terms.lo]) if (!values.every(Number.isFinite)) fail('a sum that is not finite');
  return terms;
}

function ofLength(values: unknown, length: number): Float64Array {
  const found = numbersOf(values);
  return found?.length === length ? found : fail('a wrong number of values');
}

function fail(what: string): never {
  throw new IncrementError(`A histogram in this increment is garbled: ${what}.`);
}
