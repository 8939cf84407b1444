/** Whether a histogram's arrays fit its axes: one that does not would make a file that no reader can follow. */
import type { HistogramClass, HistogramData } from './histogram-data.js';
import { HistogramShapeError } from './write-errors.js';

/** Dimensions, and sums of TH1::GetStats. */
const SHAPES: Readonly<Record<HistogramClass, readonly [axes: number, stats: number]>> = {
  TH1D: [1, 4],
  TH1F: [1, 4],
  TH2D: [2, 7],
  TH2F: [2, 7],
  TH3D: [3, 11],
  TH3F: [3, 11],
  TProfile: [1, 6],
};

/** @throws {HistogramShapeError} naming what does not fit */
export function checkHistogram(h: HistogramData): void {
  const [dimensions, stats] = SHAPES[h.className];
  const expect = (what: string, found: number, needed: number): void => {
    if (found !== needed)
      throw new HistogramShapeError(`${h.className} ${h.name} has ${found} ${what}, needs ${needed}.`);
  };
  expect('axes', h.axes.length, dimensions);
  expect('statistics', h.stats.length, stats);
  for (const { edges, nbins } of h.axes) if (edges !== null) expect('edges', edges.length, nbins + 1);
  const cells = h.axes.reduce((product, axis) => product * (axis.nbins + 2), 1);
  if (h.className !== 'TProfile') {
    expect('cells', h.contents.length, cells);
    if (h.sumw2 !== null) expect('sums of squared weights', h.sumw2.length, cells);
    return;
  }
  const { sumw, sumwy, sumwy2, sumw2 } = h.bins ?? { sumw: [], sumwy: [], sumwy2: [], sumw2: [] };
  for (const sums of [sumw, sumwy, sumwy2]) expect('sums a kind', sums.length, cells);
  if (sumw2.length > 0) expect('sums of squared weights', sumw2.length, cells);
}
