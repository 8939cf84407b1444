/** A histogram in one to three dimensions that chooses its own axes; for `proof draw` without bins. */

import { axisOf } from './auto-axis.js';
import { AutoBins } from './auto-bins.js';
import { binnedResult } from './binned-result.js';
import { type Declaration, declare } from './declaration.js';
import { Output, type Part } from './output.js';
import type { OutputResult } from './result.js';

export class AutoHistogram extends Output {
  readonly #state: AutoBins;
  readonly #pending: AutoBins;

  /** The declaration's `axes` give titles only. */
  constructor(declaration: Declaration) {
    super(declaration);
    this.#state = new AutoBins(declaration.axes.length);
    this.#pending = new AutoBins(declaration.axes.length);
  }

  /** Coordinates, then the weight. */
  fill(...values: number[]): void {
    const weight = values.pop()!;
    this.#state.fill(values, weight);
  }

  /** @internal */
  override commit(): void {
    if (this.#state.entries > 0) this.#pending.absorb(this.#state);
    this.#state.clear();
  }
  /** @internal */
  override rollback(): void {
    this.#state.clear();
  }
  /** @internal */
  override take(): Part | undefined {
    if (this.#pending.entries === 0) return undefined;
    const part = this.#pending.encode();
    this.#pending.clear();
    return part;
  }
  /** @internal */
  restore(merged: AutoBins): void {
    this.#state.absorb(merged);
    this.finalize();
  }
  /** @internal */
  result(): OutputResult {
    return autoResult(this.declaration, this.#state);
  }
}

/** On the axes that the values seen so far ask for. */
export function autoResult(declaration: Declaration, state: AutoBins): OutputResult {
  const finals = state.axes.map((axis) => axis.final());
  const axes = finals.map(({ grid, nbins }, d) => axisOf(grid, nbins, declaration.axes[d]?.title ?? ''));
  const cells = axes.reduce((product, { nbins }) => product * (nbins + 2), 1);
  const bins = state.regridded(
    finals.map(({ grid }) => grid),
    cells,
    finals.map(({ nbins }) => nbins),
  );
  const type = (['H1', 'H2', 'H3'] as const)[axes.length - 1]!;
  const { name, title, valueTitle } = declaration;
  return binnedResult(declare({ type, name, title, axes, valueTitle }), bins);
}
