/** Histograms in one, two and three dimensions: ROOT's binning and statistics over exact sums. */
import type { Axis } from './axis.js';
import type { BinState } from './bin-state.js';
import { coordinateSums } from './bin-statistics.js';
import { BinnedOutput, BUFFER, isInRange } from './binned-output.js';
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
  /**
   * Counts as an entry; mean and standard deviation are from then on those of the bins at their centres, no longer of what was filled.
   * Source: ROOT, hist/hist/src/TH1.cxx, TH1::SetBinContent.
   */
  setBinContent(bin: number, content: number, error = Math.sqrt(Math.abs(content))): void {
    this.mustBeFinal('A bin');
    const { state } = this;
    state.set(this.checkCell(bin), content, error * error);
    state.isSet = true;
    state.entries++;
  }
  /** Multiplies all contents and errors. */
  scale(factor: number): void {
    this.mustBeFinal('The contents');
    this.state.scale(factor);
  }
  /** Sum of weights over all bins in range, rounded once. */
  integral(): number {
    this.mustBeFinal('The integral');
    return this.state.total('w', isInRange(this.axes));
  }
  /** All bins, under- and overflows included, x fastest. */
  contents(): Float64Array {
    this.mustBeFinal('The contents');
    const { state } = this;
    return state.numbers((cell) => state.content(cell));
  }
}

export class H1 extends Histogram {
  readonly #axis: Axis;
  readonly #xs = new Float64Array(BUFFER);
  readonly #weights = new Float64Array(BUFFER);
  readonly #bins = new Int32Array(BUFFER);
  constructor(declaration: Declaration) {
    super(declaration);
    this.#axis = this.axes[0]!;
  }
  get nbins(): number {
    return this.#axis.nbins;
  }
  /** NaN counts as overflow, as in ROOT. */
  fill(x: number, weight = 1): void {
    const n = this.filled++;
    this.#xs[n] = x;
    this.#weights[n] = weight;
    if (n === BUFFER - 1) this.flush();
  }
  protected override sumUp(state: BinState, n: number): void {
    const { nbins } = this.#axis;
    const { stats } = state;
    const xs = this.#xs;
    const weights = this.#weights;
    const bins = this.#bins;
    this.#axis.findAll(xs, n, bins);
    state.countAll(bins, weights, n);
    for (let i = 0; i < n; i++) {
      const bin = bins[i]!;
      if (bin === 0 || bin > nbins) continue;
      const x = xs[i]!;
      const wx = weights[i]! * x;
      stats.add(0, wx);
      stats.add(1, wx * x);
    }
  }
  binCenter(bin: number): number {
    return this.#axis.center(bin);
  }
  /** Of the fills in range (of the bins, where one was set); NaN for none. */
  mean(): number {
    return coordinateSums(this.axes, this.state)[0]! / this.integral();
  }
  /** With weights below 0 a variance can be so too: its absolute value then. Source: ROOT, hist/hist/src/TH1.cxx, TH1::GetStdDev. */
  stdDev(): number {
    const mean = this.mean();
    return Math.sqrt(Math.abs(coordinateSums(this.axes, this.state)[1]! / this.integral() - mean * mean));
  }
}

export class H2 extends Histogram {
  readonly #x: Axis;
  readonly #y: Axis;
  readonly #xs = new Float64Array(BUFFER);
  readonly #ys = new Float64Array(BUFFER);
  readonly #weights = new Float64Array(BUFFER);
  readonly #binsX = new Int32Array(BUFFER);
  readonly #binsY = new Int32Array(BUFFER);
  readonly #cells = new Int32Array(BUFFER);
  constructor(declaration: Declaration) {
    super(declaration);
    this.#x = this.axes[0]!;
    this.#y = this.axes[1]!;
  }
  fill(x: number, y: number, weight = 1): void {
    const n = this.filled++;
    this.#xs[n] = x;
    this.#ys[n] = y;
    this.#weights[n] = weight;
    if (n === BUFFER - 1) this.flush();
  }
  protected override sumUp(state: BinState, n: number): void {
    const { stats } = state;
    const [{ nbins: nx }, { nbins: ny }] = [this.#x, this.#y];
    const xs = this.#xs;
    const ys = this.#ys;
    const weights = this.#weights;
    const binsX = this.#binsX;
    const binsY = this.#binsY;
    this.#x.findAll(xs, n, binsX);
    this.#y.findAll(ys, n, binsY);
    for (let i = 0; i < n; i++) this.#cells[i] = binsX[i]! + (nx + 2) * binsY[i]!;
    state.countAll(this.#cells, weights, n);
    for (let i = 0; i < n; i++) {
      const binX = binsX[i]!;
      const binY = binsY[i]!;
      if (binX === 0 || binX > nx || binY === 0 || binY > ny) continue;
      const x = xs[i]!;
      const y = ys[i]!;
      const weight = weights[i]!;
      const wx = weight * x;
      const wy = weight * y;
      stats.add(0, wx);
      stats.add(1, wx * x);
      stats.add(2, wy);
      stats.add(3, wy * y);
      stats.add(4, wx * y);
    }
  }
  /** The bin's number for `binContent`, of its numbers on each axis. */
  bin(binX: number, binY: number): number {
    return binX + (this.#x.nbins + 2) * binY;
  }
}

export class H3 extends Histogram {
  readonly #values = new Float64Array(4 * BUFFER);
  fill(x: number, y: number, z: number, weight = 1): void {
    const values = this.#values;
    const at = 4 * this.filled++;
    values[at] = x;
    values[at + 1] = y;
    values[at + 2] = z;
    values[at + 3] = weight;
    if (at === 4 * (BUFFER - 1)) this.flush();
  }
  protected override sumUp(state: BinState, n: number): void {
    const { stats } = state;
    const [axisX, axisY, axisZ] = this.axes as [Axis, Axis, Axis];
    const isInside = (bin: number, { nbins }: Axis): boolean => bin > 0 && bin <= nbins;
    for (let i = 0; i < 4 * n; i += 4) {
      const x = this.#values[i]!;
      const y = this.#values[i + 1]!;
      const z = this.#values[i + 2]!;
      const weight = this.#values[i + 3]!;
      const [binX, binY, binZ] = [axisX.find(x), axisY.find(y), axisZ.find(z)];
      state.count(this.bin(binX, binY, binZ), weight);
      if (!isInside(binX, axisX) || !isInside(binY, axisY) || !isInside(binZ, axisZ)) continue;
      const [wx, wy, wz] = [weight * x, weight * y, weight * z];
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
  }
  bin(binX: number, binY: number, binZ: number): number {
    const [axisX, axisY] = this.axes as [Axis, Axis];
    return binX + (axisX.nbins + 2) * (binY + (axisY.nbins + 2) * binZ);
  }
}
