/** A histogram or profile in a few numbers: edges of its axes, contents with the flow bins, sum of squared weights, entries. */
import type { StreamedObject } from '../jsroot/structure.js';
import { type NumberSummary, summarize } from './number-summary.js';

export interface HistogramSummary {
  readonly class: string;
  readonly edges: readonly NumberSummary[];
  readonly values_flow: NumberSummary;
  readonly sumw2?: NumberSummary;
  readonly entries: number;
}

export function isHistogram(className: string): boolean {
  return /^TH[123]/.test(className) || className.startsWith('TProfile');
}

const AXES = ['fXaxis', 'fYaxis', 'fZaxis'] as const;

/** @throws {Error} where the object is none */
export function histogramSummary(className: string, object: StreamedObject): HistogramSummary {
  const dimension = className.startsWith('TProfile') ? profileDimension(className) : Number(className[2]);
  const axes = AXES.slice(0, dimension).map((name) => object[name] as StreamedObject);
  const bins = axes.map((axis) => Number(axis['fNbins']) + 2);
  const contents = doubles(object['fArray']);
  if (contents.length !== bins.reduce((product, n) => product * n, 1))
    throw new Error(`${className} has ${contents.length} bins, where its axes have ${bins.join(' x ')}`);
  const means = className.startsWith('TProfile') ? profileMeans(contents, doubles(object['fBinEntries'])) : contents;
  const sumw2 = object['fSumw2'];
  return {
    class: className,
    edges: axes.map((axis) => summarize('float64', edges(axis))),
    values_flow: summarize('float64', xSlowest(means, bins), dims(bins)),
    ...(sumw2 === undefined || sumw2 === null ? {} : { sumw2: summarize('float64', doubles(sumw2)) }),
    entries: Number(object['fEntries']),
  };
}

function profileDimension(className: string): number {
  return className.startsWith('TProfile2') ? 2 : className.startsWith('TProfile3') ? 3 : 1;
}

/** All but the first dimension: the first is what the summary counts. */
function dims(bins: readonly number[]): readonly number[] {
  return bins.slice(1);
}

function doubles(value: unknown): Float64Array {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Float64Array.from(value as ArrayLike<unknown>, Number);
  throw new Error('an array of the histogram is missing');
}

/** Stated edges, or equal steps: start + i * step, the last one exactly the axis' end. */
function edges(axis: StreamedObject): Float64Array {
  const n = Number(axis['fNbins']);
  const stated = axis['fXbins'];
  if (stated !== undefined && stated !== null && (stated as ArrayLike<number>).length === n + 1) return doubles(stated);
  const min = Number(axis['fXmin']);
  const max = Number(axis['fXmax']);
  const step = (max - min) / n;
  const out = Float64Array.from({ length: n + 1 }, (_, i) => i * step + min);
  out[n] = max;
  return out;
}

function profileMeans(sums: Float64Array, entries: Float64Array): Float64Array {
  return sums.map((sum, i) => (entries[i] ? sum / entries[i] : 0));
}

/** ROOT runs x fastest; the form wants it slowest. */
function xSlowest(values: Float64Array, bins: readonly number[]): Float64Array {
  const [nx = 1, ny = 1, nz = 1] = bins;
  if (bins.length === 1) return values;
  const out = new Float64Array(values.length);
  let at = 0;
  for (let x = 0; x < nx; x++)
    for (let y = 0; y < ny; y++) for (let z = 0; z < nz; z++) out[at++] = values[x + nx * (y + ny * z)]!;
  return out;
}
