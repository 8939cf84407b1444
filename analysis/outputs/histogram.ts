/** Histograms in one, two and three dimensions: ROOT's binning and statistics over exact sums. */
import type { Axis } from './axis.js';
import { BinnedOutput } from './binned-output.js';
import type { Declaration } from './declaration.js';

abstract class Histogram extends BinnedOutput {
  /** Sum of weights in one bin (0 is the underflow), in `terminate`. */
  binContent(bin: number): number {
    this.mustBeFinal('A bin');
    return this.state.content(this.checkCell(bin));
  }
  /** Square root of the sum of squared weights. */
  binError(bin: number): number {
    this.mustBeFinal('A bin');
    return Math.sqrt(this.state.sumw2(this.checkCell(bin)));
  }
  setBinContent(bin: number, content: number, error = Math.sqrt(Math.abs(content))): void {
    this.mustBeFinal('A bin');
    this.state.set(this.checkCell(bin), content, error * error);
  }
  /** Multiplies all contents and errors. */
  scale(factor: number): void {
    this.mustBeFinal('The contents');
    this.state.scale(factor);
  }
  /** Sum of weights over all bins in range, rounded once. */
  integral(): number {
    this.mustBeFinal('The integral');
    return this.state.total('w', inRangeCells(this.axes));
  }
  /** All bins, under- and overflows included, x fastest. */
  contents(): Float64Array {
    this.mustBeFinal('The contents');
    return Float64Array.from({ length: this.state.shape.cells }, (_, cell) => this.state.content(cell));
  }
}

export class H1 extends Histogram {
  readonly #axis: Axis;
  constructor(declaration: Declaration) {
    super(declaration);
    this.#axis = this.axes[0]!;
  }
  get nbins(): number {
    return this.#axis.nbins;
  }
  /** NaN counts as overflow, as in ROOT. */
  fill(x: number, weight = 1): void {
    const axis = this.#axis;
    const state = this.state;
    const bin = axis.find(x);
    state.count(bin, weight);
    if (bin === 0 || bin > axis.nbins) return;
    const wx = weight * x;
    state.stats.add(0, wx);
    state.stats.add(1, wx * x);
  }
  binCenter(bin: number): number {
    return this.#axis.center(bin);
  }
  /** Of the fills in range; NaN for none. */
  mean(): number {
    return this.state.stats.value(0) / this.integral();
  }
  stdDev(): number {
    const mean = this.mean();
    return Math.sqrt(Math.max(0, this.state.stats.value(1) / this.integral() - mean * mean));
  }
}

export class H2 extends Histogram {
  readonly #x: Axis;
  readonly #y: Axis;
  constructor(declaration: Declaration) {
    super(declaration);
    this.#x = this.axes[0]!;
    this.#y = this.axes[1]!;
  }
  fill(x: number, y: number, weight = 1): void {
    const state = this.state;
    const binX = this.#x.find(x);
    const binY = this.#y.find(y);
    state.count(binX + (this.#x.nbins + 2) * binY, weight);
    if (binX === 0 || binX > this.#x.nbins || binY === 0 || binY > this.#y.nbins) return;
    const { stats } = state;
    const wx = weight * x;
    const wy = weight * y;
    stats.add(0, wx);
    stats.add(1, wx * x);
    stats.add(2, wy);
    stats.add(3, wy * y);
    stats.add(4, wx * y);
  }
  /** The bin's number for `binContent`, of its numbers on each axis. */
  bin(binX: number, binY: number): number {
    return binX + (this.#x.nbins + 2) * binY;
  }
}

export class H3 extends Histogram {
  fill(x: number, y: number, z: number, weight = 1): void {
    const [axisX, axisY, axisZ] = this.axes as [Axis, Axis, Axis];
    const state = this.state;
    const binX = axisX.find(x);
    const binY = axisY.find(y);
    const binZ = axisZ.find(z);
    state.count(this.bin(binX, binY, binZ), weight);
    if (binX === 0 || binX > axisX.nbins || binY === 0 || binY > axisY.nbins || binZ === 0 || binZ > axisZ.nbins)
      return;
    const { stats } = state;
    const wx = weight * x;
    const wy = weight * y;
    const wz = weight * z;
    stats.add(0, wx);
    stats.add(1, wx * x);
    stats.add(2, wy);
    stats.add(3, wy * y);
    stats.add(4, wx * y);
    stats.add(5, wz);
    stats.add(6, wz * z);
    stats.add(7, wx * z);
    stats.add(8, wy * z);
  }
  bin(binX: number, binY: number, binZ: number): number {
    const [axisX, axisY] = this.axes as [Axis, Axis];
    return binX + (axisX.nbins + 2) * (binY + (axisY.nbins + 2) * binZ);
  }
}

/** Bin numbers without under- and overflows. */
export function inRangeCells(axes: readonly Axis[]): number[] {
  let cells = [0];
  let stride = 1;
  for (const { nbins } of axes) {
    const step = stride;
    cells = Array.from({ length: nbins }, (_, i) => i + 1).flatMap((bin) => cells.map((cell) => cell + bin * step));
    stride *= nbins + 2;
  }
  return cells;
}
