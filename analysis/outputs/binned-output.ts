/** What histograms and profiles share: axes, states of bins, and reading or changing the merged result in `terminate`. */
import { OutputError } from '../errors.js';
import { Axis } from './axis.js';
import { type BinShape, BinState } from './bin-state.js';
import type { Declaration } from './declaration.js';
import { Output, type Part } from './output.js';

export function shapeOf({ type, axes }: Declaration): BinShape {
  const cells = axes.reduce((product, { nbins }) => product * (nbins + 2), 1);
  return { cells, nstats: [0, 2, 5, 9][axes.length] ?? 0, isProfile: type === 'Profile' };
}

export abstract class BinnedOutput extends Output {
  protected readonly state: BinState;
  #pending: BinState | undefined;
  readonly axes: readonly Axis[];

  constructor(declaration: Declaration) {
    super(declaration);
    this.axes = declaration.axes.map((spec) => new Axis(spec));
    this.state = new BinState(shapeOf(declaration));
  }

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
    this.state.clear();
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
    if (Number.isInteger(cell) && cell >= 0 && cell < this.state.shape.cells) return cell;
    throw new OutputError(
      `${this.name} has no bin ${cell}: it has 0 (underflow) to ${this.state.shape.cells - 1} (overflow).`,
    );
  }
}
