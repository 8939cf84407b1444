/** Sums of bins, rounded: from a declaration and its merged state to the plain numbers of a result. */
import { Axis } from './axis.js';
import type { BinState } from './bin-state.js';
import { coordinateSums } from './bin-statistics.js';
import { isInRange } from './binned-output.js';
import type { Declaration } from './declaration.js';
import type { HistogramResult, ProfileResult, StatName, Stats } from './result.js';

/** Names of BinState.stats, by dimension. */
const COORDINATE_SUMS: readonly StatName[] = [
  'sumwx',
  'sumwx2',
  'sumwy',
  'sumwy2',
  'sumwxy',
  'sumwz',
  'sumwz2',
  'sumwxz',
  'sumwyz',
];

export function binnedResult(declaration: Declaration, state: BinState): HistogramResult | ProfileResult {
  const { type, name, title, axes, valueTitle } = declaration;
  const all = (value: (cell: number) => number): Float64Array => state.numbers(value);
  const contents = all((cell) => state.content(cell));
  const sumw2 = state.isWeighted ? all((cell) => state.sumw2(cell)) : null;
  const common = { name, title, axes, entries: state.entries, stats: statsOf(declaration, state), valueTitle };
  if (type !== 'Profile') return { type: type as 'H1' | 'H2' | 'H3', ...common, contents, sumw2 };
  const sumwy = all((cell) => state.y!.value(cell));
  const sumwy2 = all((cell) => state.y2!.value(cell));
  return { type, ...common, bins: { sumw: contents, sumwy, sumwy2, sumw2 } };
}

/** Sums over the bins in range are those of the fills in range, so that they need no additions of their own while filling. */
function statsOf(declaration: Declaration, state: BinState): Stats {
  const inRange = isInRange(declaration.axes);
  const stats: Partial<Record<StatName, number>> = {
    sumw: state.total('w', inRange),
    sumw2: state.total('w2', inRange),
  };
  const axes = declaration.axes.map((spec) => new Axis(spec));
  coordinateSums(axes, state).forEach((sum, i) => {
    stats[COORDINATE_SUMS[i]!] = sum;
  });
  if (state.shape.isProfile) {
    stats.sumwy = state.total('y', inRange);
    stats.sumwy2 = state.total('y2', inRange);
  }
  return stats;
}
