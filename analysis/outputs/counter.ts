/** A number that is added to: events passed, weights seen. Exact as the bins of a histogram are. */
import { IncrementError } from '../errors.js';
import type { BinShape } from './bin-part.js';
import { BinState } from './bin-state.js';
import { Output, type Part } from './output.js';

/** One cell, no coordinates. */
export const COUNTER_SHAPE: BinShape = { cells: 1, nstats: 0, isProfile: false };

export class Counter extends Output {
  readonly #state = new BinState(COUNTER_SHAPE);
  readonly #pending = new BinState(COUNTER_SHAPE);

  add(amount = 1): void {
    this.#state.count(0, amount);
  }
  increment(): void {
    this.#state.count(0, 1);
  }
  /** The merged sum, in `terminate`. */
  get value(): number {
    this.mustBeFinal('The value');
    return this.#state.content(0);
  }

  /** @internal */
  override commit(): void {
    this.#pending.absorb(this.#state);
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
  restore(merged: BinState): void {
    if (merged.shape.cells !== 1) throw new IncrementError(`The counter ${this.name} was merged as something else.`);
    this.#state.absorb(merged);
    this.finalize();
  }
  /** @internal */
  get bins(): BinState {
    return this.#state;
  }
}
