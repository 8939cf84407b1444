/** One axis of a histogram: equal bins or given edges, and which bin a value falls into, exactly as ROOT decides it. */
import { z } from 'zod';
import { OutputError } from '../errors.js';

/** As declared, printed and sent. `edges` (nbins + 1, ascending) where the bins differ in width. */
export const axisSpec = z.object({
  nbins: z.int().min(1).max(100_000_000),
  min: z.number(),
  max: z.number(),
  edges: z.array(z.number()).nullable(),
  title: z.string(),
});
export type AxisSpec = Readonly<z.infer<typeof axisSpec>>;

export class Axis {
  readonly nbins: number;
  readonly min: number;
  readonly max: number;
  readonly #width: number;
  readonly #edges: Float64Array | null;

  /** @throws {OutputError} for an axis without width, or with edges that do not ascend */
  constructor(readonly spec: AxisSpec) {
    const { nbins, min, max, edges } = spec;
    const problem = problemOf(spec);
    if (problem !== undefined) throw new OutputError(`An axis with ${nbins} bins from ${min} to ${max} ${problem}.`);
    this.nbins = nbins;
    this.min = min;
    this.max = max;
    this.#width = max - min;
    this.#edges = edges === null ? null : Float64Array.from(edges);
  }

  /**
   * 0 for underflow, nbins + 1 for overflow and NaN, otherwise 1..nbins. The order of operations is part of the answer: just
   * below `max` it can round up into the overflow, and does so in ROOT too.
   * Source: ROOT, hist/hist/src/TAxis.cxx, TAxis::FindFixBin.
   */
  find(x: number): number {
    if (x < this.min) return 0;
    if (!(x < this.max)) return this.nbins + 1;
    if (this.#edges === null) return 1 + (((this.nbins * (x - this.min)) / this.#width) | 0);
    return 1 + lastNotAbove(this.#edges, x);
  }

  /** `find` for the first n of xs. */
  findAll(xs: Float64Array, n: number, bins: Int32Array): void {
    for (let i = 0; i < n; i++) bins[i] = this.find(xs[i]!);
  }

  /** Lower edge of a bin (1..nbins); of nbins + 1, the axis's end. */
  lowEdge(bin: number): number {
    return this.#edges?.[bin - 1] ?? this.min + ((bin - 1) * this.#width) / this.nbins;
  }

  center(bin: number): number {
    if (this.#edges === null) return this.min + ((bin - 0.5) * this.#width) / this.nbins;
    return 0.5 * (this.lowEdge(bin) + this.lowEdge(bin + 1));
  }

  width(bin: number): number {
    return this.#edges === null ? this.#width / this.nbins : this.lowEdge(bin + 1) - this.lowEdge(bin);
  }
}

/** Edges given -> an axis of those edges; otherwise nbins, min, max. */
export function makeAxis(title: string, bins: number | readonly number[], min?: number, max?: number): AxisSpec {
  if (typeof bins === 'number')
    return { nbins: bins, min: min ?? Number.NaN, max: max ?? Number.NaN, edges: null, title };
  return {
    nbins: bins.length - 1,
    min: bins[0] ?? Number.NaN,
    max: bins.at(-1) ?? Number.NaN,
    edges: [...bins],
    title,
  };
}

function problemOf({ nbins, min, max, edges }: AxisSpec): string | undefined {
  if (!Number.isSafeInteger(nbins) || nbins < 1) return 'needs a whole number of bins, at least one';
  if (!(min < max)) return 'needs a lower end below its upper end';
  if (!Number.isFinite(nbins * (max - min))) return 'is wider than numbers go';
  if (edges === null) return undefined;
  if (edges.length !== nbins + 1 || edges[0] !== min || edges[nbins] !== max) return 'has edges that do not fit it';
  if (edges.some((edge, i) => i > 0 && !(edges[i - 1]! < edge))) return 'needs edges that ascend';
  return undefined;
}

function lastNotAbove(edges: Float64Array, x: number): number {
  let low = 0;
  let high = edges.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}
