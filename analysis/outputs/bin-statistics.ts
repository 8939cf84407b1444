/** Sums of weighted coordinates, as ROOT's statistics need them: those of the fills, or of the bins where contents were set by hand. */
import { ExactSums } from '../exact-sum.js';
import type { Axis } from './axis.js';
import type { BinState } from './bin-state.js';
import { isInRange } from './binned-output.js';

/**
 * In the order of BinState.stats: wx, wx2; wy, wy2, wxy; wz, wz2, wxz, wyz. A set bin makes them all those of the bins, each at its centre.
 * Source: ROOT, hist/hist/src/TH1.cxx, TH1::SetBinContent (counts an entry, and forgets the sums of the fills) and TH1::GetStats; TH2, TH3 alike.
 */
export function coordinateSums(axes: readonly Axis[], state: BinState): number[] {
  const { nstats } = state.shape;
  const sums = state.isSet ? ofBins(axes, state) : state.stats;
  return Array.from({ length: nstats }, (_, i) => sums.value(i));
}

function ofBins(axes: readonly Axis[], state: BinState): ExactSums {
  const sums = new ExactSums(state.shape.nstats);
  const isCounted = isInRange(axes);
  for (const cell of state.touchedCells()) {
    const w = state.content(cell);
    if (w === 0 || !isCounted(cell)) continue;
    const [x = 0, y, z] = centreOf(axes, cell);
    const [wx, wy, wz] = [w * x, w * (y ?? 0), w * (z ?? 0)];
    const terms = [wx, wx * x];
    if (y !== undefined) terms.push(wy, wy * y, wx * y);
    if (y !== undefined && z !== undefined) terms.push(wz, wz * z, wx * z, wy * z);
    terms.forEach((term, i) => {
      sums.add(i, term);
    });
  }
  return sums;
}

function centreOf(axes: readonly Axis[], cell: number): number[] {
  let rest = cell;
  return axes.map((axis) => {
    const bin = rest % (axis.nbins + 2);
    rest = (rest - bin) / (axis.nbins + 2);
    return axis.center(bin);
  });
}
