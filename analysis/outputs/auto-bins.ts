/**
 * The state of a histogram that bins automatically: a window of MAX_BINS bins an axis, which moves and coarsens as values come.
 * Its grid is always the one that auto-axis.ts gives for the values seen; NaN and infinities go to under- and overflow.
 */
import { IncrementError } from '../errors.js';
import { type AutoGrid, type AutoRange, finalGrid, gridFor, indexOf, MAX_BINS } from './auto-axis.js';
import { checkBinPart } from './bin-part.js';
import { BinState } from './bin-state.js';
import type { Part } from './output.js';

export class AutoBins {
  readonly axes: readonly AutoWindow[];
  bins: BinState;

  constructor(readonly dimensions: number) {
    this.axes = Array.from({ length: dimensions }, () => new AutoWindow(MAX_BINS[dimensions]!));
    this.bins = this.#emptyBins();
  }

  get entries(): number {
    return this.bins.entries;
  }

  fill(coordinates: readonly number[], weight: number): void {
    const ranges = coordinates.map((x) => ({ min: x, max: x, isWhole: Number.isInteger(x) }));
    this.#include(ranges);
    let cell = 0;
    for (let d = this.axes.length - 1; d >= 0; d--) {
      const axis = this.axes[d]!;
      cell = cell * (axis.maxBins + 2) + axis.find(coordinates[d]!);
    }
    this.bins.count(cell, weight);
    if (coordinates.every(Number.isFinite)) this.#addCoordinates(coordinates, weight);
  }

  absorb(other: AutoBins): void {
    this.#include(other.axes);
    this.bins.absorb(
      other.regridded(
        this.axes.map(({ grid }) => grid),
        this.bins.shape.cells,
      ),
    );
  }

  clear(): void {
    for (const axis of this.axes) axis.reset();
    this.bins.clear();
  }

  /** The same sums in other bins: coarser ones, or more of the same. @param nbins for each axis, or all as they are */
  regridded(grids: readonly AutoGrid[], cells: number, nbins?: readonly number[]): BinState {
    const moved = new BinState({ ...this.bins.shape, cells });
    const sizes = this.axes.map(({ maxBins }, d) => nbins?.[d] ?? maxBins);
    moved.absorb(this.bins, (cell) => {
      let rest = cell;
      let target = 0;
      let stride = 1;
      for (let d = 0; d < this.axes.length; d++) {
        const axis = this.axes[d]!;
        const bin = rest % (axis.maxBins + 2);
        rest = (rest - bin) / (axis.maxBins + 2);
        target += stride * axis.moved(bin, grids[d]!, sizes[d]!);
        stride *= sizes[d]! + 2;
      }
      return target;
    });
    return moved;
  }

  encode(): Part {
    return { ranges: this.axes.map(({ min, max, isWhole }) => ({ min, max, isWhole })), bins: this.bins.encode() };
  }

  /** @throws {IncrementError} */
  static decode(dimensions: number, part: Part): AutoBins {
    const { ranges, bins } = part;
    const state = new AutoBins(dimensions);
    if (!Array.isArray(ranges) || ranges.length !== dimensions || typeof bins !== 'object' || bins === null)
      throw new IncrementError('An automatic histogram in this increment is garbled.');
    for (const [d, range] of (ranges as unknown[]).entries()) {
      const { min, max, isWhole } = (range ?? {}) as Partial<Record<keyof AutoRange, unknown>>;
      const isRange = Number.isFinite(min) && Number.isFinite(max) && (min as number) <= (max as number);
      const isEmpty = min === Number.POSITIVE_INFINITY && max === Number.NEGATIVE_INFINITY;
      if (!isRange && !isEmpty)
        throw new IncrementError('An automatic histogram in this increment has an impossible range.');
      if (isRange) state.axes[d]!.include({ min: min as number, max: max as number, isWhole: isWhole === true });
    }
    state.bins.add(checkBinPart(state.bins.shape, bins as Part));
    return state;
  }

  /** Makes room for these values; NaN and infinities need none. */
  #include(ranges: readonly AutoRange[]): void {
    if (this.axes.every((axis, d) => axis.holds(ranges[d]!))) return;
    const before = new AutoBins(this.dimensions);
    before.bins = this.bins;
    this.axes.forEach((axis, d) => {
      before.axes[d]!.copy(axis);
      axis.include(ranges[d]!);
    });
    const hasMoved = this.axes.some((axis, d) => !axis.isOn(before.axes[d]!.grid));
    if (hasMoved)
      this.bins = before.regridded(
        this.axes.map(({ grid }) => grid),
        this.bins.shape.cells,
      );
  }

  #addCoordinates([x, y, z]: readonly number[], weight: number): void {
    const { stats } = this.bins;
    const wx = weight * x!;
    stats.add(0, wx);
    stats.add(1, wx * x!);
    if (y === undefined) return;
    const wy = weight * y;
    stats.add(2, wy);
    stats.add(3, wy * y);
    stats.add(4, wx * y);
    if (z === undefined) return;
    const wz = weight * z;
    stats.add(5, wz);
    stats.add(6, wz * z);
    stats.add(7, wx * z);
    stats.add(8, wy * z);
  }

  #emptyBins(): BinState {
    const cells = this.axes.reduce((product, { maxBins }) => product * (maxBins + 2), 1);
    return new BinState({ cells, nstats: [0, 2, 5, 9][this.axes.length]!, isProfile: false });
  }
}

/** One axis: the extremes seen, and the grid that follows from them. */
class AutoWindow {
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  grid: AutoGrid = { step: 0, origin: 0 };
  isWhole = true;
  constructor(readonly maxBins: number) {}

  holds({ min, max, isWhole }: AutoRange): boolean {
    if (!(Number.isFinite(min) && Number.isFinite(max))) return true; // NaN, an infinity, or no values
    return min >= this.min && max <= this.max && (isWhole || !this.isWhole);
  }

  include(range: AutoRange): void {
    if (this.holds(range)) return;
    this.min = Math.min(this.min, range.min);
    this.max = Math.max(this.max, range.max);
    this.isWhole &&= range.isWhole;
    this.grid = gridFor(this, this.maxBins);
  }

  isOn(grid: AutoGrid): boolean {
    return grid.step === this.grid.step && grid.origin === this.grid.origin;
  }

  /** 0 and maxBins + 1 for what is not finite. */
  find(x: number): number {
    if (!Number.isFinite(x)) return x < 0 ? 0 : this.maxBins + 1;
    return indexOf(x, this.grid.step) - this.grid.origin + 1;
  }

  /** Where a bin of this window lies on another grid of `nbins` bins (coarser, or finer for whole numbers in bins of 1). */
  moved(bin: number, to: AutoGrid, nbins: number): number {
    if (bin === 0) return 0;
    if (bin === this.maxBins + 1) return nbins + 1;
    const index = this.grid.origin + bin - 1;
    return Math.floor(index / 2 ** (to.step - this.grid.step)) - to.origin + 1;
  }

  copy(from: AutoWindow): void {
    this.min = from.min;
    this.max = from.max;
    this.isWhole = from.isWhole;
    this.grid = from.grid;
  }

  reset(): void {
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    this.isWhole = true;
  }

  final(): { readonly grid: AutoGrid; readonly nbins: number } {
    if (!(this.min <= this.max)) return { grid: { step: 0, origin: 0 }, nbins: 1 };
    return finalGrid(this, this.grid);
  }
}
