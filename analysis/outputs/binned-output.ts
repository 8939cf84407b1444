/**
 * What histograms and profiles share: axes, states of bins, and reading or changing the merged result in `terminate`.
 *
 * Fills are kept in a small buffer and summed up together: V8 then keeps `fill` small enough to become part of the user's loop, and
 * the sums in registers (bench/analysis: twice as fast). Whoever looks at the state gets it summed up.
 */
import { OutputError } from '../errors.js';
import { Axis } from './axis.js';
import type { BinShape } from './bin-part.js';
import { BinState } from './bin-state.js';
import type { Declaration } from './declaration.js';
import { Output, type Part } from './output.js';

/** Fills between two summings-up. */
export const BUFFER = 256;

export function shapeOf({ type, axes }: Declaration): BinShape {
  const cells = axes.reduce((product, { nbins }) => product * (nbins + 2), 1);
  return { cells, nstats: [0, 2, 5, 9][axes.length] ?? 0, isProfile: type === 'Profile' };
}

export abstract class BinnedOutput extends Output {
  readonly #state: BinState;
  #pending: BinState | undefined;
  readonly axes: readonly Axis[];
  /** Fills in the buffer. */
  protected filled = 0;

  constructor(declaration: Declaration) {
    super(declaration);
    this.axes = declaration.axes.map((spec) => new Axis(spec));
    this.#state = new BinState(shapeOf(declaration));
  }

  /** Adds the first n fills of the buffer to the state. */
  protected abstract sumUp(state: BinState, n: number): void;

  protected flush(): void {
    this.sumUp(this.#state, this.filled);
    this.filled = 0;
  }
  protected get state(): BinState {
    if (this.filled > 0) this.flush();
    return this.#state;
  }

  /** Number of fills; in `terminate` of all. */
  get entries(): number {
    return this.state.entries;
  }

  /** @internal */
  override commit(): void {
    if (this.state.entries === 0) return;
    this.#pending ??= new BinState(this.state.shape);
    this.#pending.absorb(this.state);
    this.state.clear();
  }
  /** @internal */
  override rollback(): void {
    this.filled = 0;
    this.#state.clear();
  }
  /** @internal */
  override take(): Part | undefined {
    if (this.#pending === undefined || this.#pending.entries === 0) return undefined;
    const part = this.#pending.encode();
    this.#pending.clear();
    return part;
  }
  /** The merged state becomes this output's. @internal */
  restore(merged: BinState): void {
    this.state.absorb(merged);
    this.finalize();
  }
  /** @internal */
  get bins(): BinState {
    return this.state;
  }

  protected checkCell(cell: number): number {
    const { cells } = this.#state.shape;
    if (Number.isInteger(cell) && cell >= 0 && cell < cells) return cell;
    throw new OutputError(`${this.name} has no bin ${cell}: it has 0 (underflow) to ${cells - 1} (overflow).`);
  }
}

/** Which cells are neither under- nor overflow on any axis. */
export function isInRange(axes: readonly { readonly nbins: number }[]): (cell: number) => boolean {
  return (cell) => {
    let rest = cell;
    for (const { nbins } of axes) {
      const bin = rest % (nbins + 2);
      if (bin === 0 || bin > nbins) return false;
      rest = (rest - bin) / (nbins + 2);
    }
    return true;
  };
}
