/** The mean of y in bins of x, as ROOT's TProfile: sums of weights, of y and of y squared in each bin. */
import type { ExactSums } from '../exact-sum.js';
import type { Axis } from './axis.js';
import type { BinState } from './bin-state.js';
import { BinnedOutput, BUFFER } from './binned-output.js';
import type { Declaration } from './declaration.js';

export class Profile extends BinnedOutput {
  readonly #axis: Axis;
  readonly #xs = new Float64Array(BUFFER);
  readonly #ys = new Float64Array(BUFFER);
  readonly #weights = new Float64Array(BUFFER);
  readonly #bins = new Int32Array(BUFFER);
  constructor(declaration: Declaration) {
    super(declaration);
    this.#axis = this.axes[0]!;
  }
  get nbins(): number {
    return this.#axis.nbins;
  }
  fill(x: number, y: number, weight = 1): void {
    const n = this.filled++;
    this.#xs[n] = x;
    this.#ys[n] = y;
    this.#weights[n] = weight;
    if (n === BUFFER - 1) this.flush();
  }
  /** Source of the terms and their order: ROOT, hist/hist/src/TProfile.cxx, TProfile::Fill. */
  protected override sumUp(state: BinState, n: number): void {
    const { nbins } = this.#axis;
    const { stats } = state;
    const xs = this.#xs;
    const weights = this.#weights;
    const bins = this.#bins;
    this.#axis.findAll(xs, n, bins);
    state.countAll(bins, weights, n);
    this.#sumUpY(state.y!, state.y2!, n);
    for (let i = 0; i < n; i++) {
      const bin = bins[i]!;
      if (bin === 0 || bin > nbins) continue;
      const x = xs[i]!;
      const wx = weights[i]! * x;
      stats.add(0, wx);
      stats.add(1, wx * x);
    }
  }
  #sumUpY(sums: ExactSums, squares: ExactSums, n: number): void {
    for (let i = 0; i < n; i++) {
      const y = this.#ys[i]!;
      const wy = this.#weights[i]! * y;
      sums.add(this.#bins[i]!, wy);
      squares.add(this.#bins[i]!, wy * y);
    }
  }
  /** Mean of y in a bin, in `terminate`; 0 where nothing was filled. */
  binContent(bin: number): number {
    this.mustBeFinal('A bin');
    const sumw = this.state.content(this.checkCell(bin));
    return sumw === 0 ? 0 : this.state.y!.value(bin) / sumw;
  }
  /** Standard error of that mean. */
  binError(bin: number): number {
    const mean = this.binContent(bin);
    const sumw = this.state.content(bin);
    if (sumw === 0) return 0;
    const effective = (sumw * sumw) / this.state.sumw2(bin);
    return Math.sqrt(Math.abs(this.state.y2!.value(bin) / sumw - mean * mean) / effective);
  }
  binEntries(bin: number): number {
    this.mustBeFinal('A bin');
    return this.state.content(this.checkCell(bin));
  }
  binCenter(bin: number): number {
    return this.#axis.center(bin);
  }
}
