/**
 * Automatic binning that does not depend on how the data were cut up: bins whose width is a power of two.
 *
 * The width is the smallest power of two with which all values seen fit into MAX_BINS bins that begin at multiples of the width
 * (and not below the resolution that is sensible at the values' size, nor below 1 while all are whole numbers). It is a function of
 * the least and the greatest value and of that, and grows with them; two neighbouring bins of one width are one bin of the next.
 * So any part of the data can be binned on its own, and parts merge exactly. Where a first value that is not whole makes the bins
 * narrower than 1, each bin of width 1 held one known whole number, and moves exactly too.
 */
import type { AxisSpec } from './axis.js';

/** Bins an axis has at most, by the number of dimensions. */
export const MAX_BINS: readonly number[] = [0, 128, 64, 32];

/** Widths are 2^step, within the doubles' normal range on both sides. */
const LEAST_STEP = -1000;
/** A bin is at least this much of the largest value: 2^-10. */
const RESOLUTION = 10;

/** What is known of the values on one axis. */
export interface AutoRange {
  readonly min: number;
  readonly max: number;
  /** Every value was a whole number. */
  readonly isWhole: boolean;
}

export interface AutoGrid {
  readonly step: number;
  /** Index of the first bin: it begins at origin * 2^step. */
  readonly origin: number;
}

/** The grid for these (finite) extremes. */
export function gridFor({ min, max, isWhole }: AutoRange, maxBins: number): AutoGrid {
  const size = exponentOf(Math.max(Math.abs(min), Math.abs(max)));
  let step = Math.max(isWhole ? 0 : LEAST_STEP, size - RESOLUTION);
  while (indexOf(max, step) - indexOf(min, step) >= maxBins) step++;
  return { step, origin: indexOf(min, step) };
}

/** floor(x / 2^step), also where the quotient is too small for a double. */
export function indexOf(x: number, step: number): number {
  const index = Math.floor(x * 2 ** -step);
  return index === 0 && x < 0 ? -1 : index;
}

/** The axis that is shown: from the first to the last bin that can hold a value. */
export function finalGrid(range: AutoRange, grid: AutoGrid): { readonly grid: AutoGrid; readonly nbins: number } {
  // A constant has no width of its own: a few bins at the scale of the value, so that there is something to see.
  const isConstant = range.min === range.max;
  const size = exponentOf(Math.abs(range.max));
  const step = isConstant ? Math.max(grid.step, range.max === 0 ? 0 : size - 4) : grid.step;
  const margin = isConstant ? 4 : 0;
  const origin = indexOf(range.min, step) - margin;
  return { grid: { step, origin }, nbins: indexOf(range.max, step) + margin + 1 - origin };
}

export function axisOf({ step, origin }: AutoGrid, nbins: number, title: string): AxisSpec {
  return { nbins, min: origin * 2 ** step, max: (origin + nbins) * 2 ** step, edges: null, title };
}

/** floor(log2(x)) of a positive double; the least of all for 0. */
function exponentOf(x: number): number {
  const biased = Math.floor(new DataView(Float64Array.of(x).buffer).getUint16(6, true) / 16);
  return biased === 0 ? LEAST_STEP : biased - 1023;
}
