/**
 * Histograms, graphs and strings as ROOT streams them. Each function writes the object's whole contents, outermost frame included.
 *
 * Source: ROOT, hist/hist/inc (TH1.h, TH2.h, TH3.h, TProfile.h, TAxis.h, TGraph.h); order of members: class-layouts.ts.
 */
import { checkHistogram } from './histogram-check.js';
import type { AxisData, HistogramData } from './histogram-data.js';
import type { RecordBuffer } from './record-buffer.js';
import { HistogramShapeError } from './write-errors.js';

/** TObject::kMustCleanup */
export const MUST_CLEANUP = 8;
/** TH1's fMaximum and fMinimum where nobody set them. */
const UNSET = -1111;
const PLOT_STYLE = { lineColour: 602, fill: 1001 };
const GRAPH_STYLE = { lineColour: 1, fill: 1000 };
const NEUTRAL_OVERFLOWS = 2;

export interface GraphData {
  readonly name: string;
  /** May carry axis titles: `title;x;y`. */
  readonly title: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** @throws {HistogramShapeError} */
export function writeHistogram(buffer: RecordBuffer, h: HistogramData): void {
  checkHistogram(h);
  if (h.className === 'TProfile') {
    writeProfile(buffer, h);
    return;
  }
  const version = h.axes.length === 1 ? 3 : 4;
  buffer.versioned(version, () => {
    if (h.axes.length === 1) writeTH1(buffer, h, h.sumw2);
    else if (h.axes.length === 2) writeTH2(buffer, h);
    else writeTH3(buffer, h);
    buffer.i32(h.contents.length);
    if (h.className.endsWith('F')) buffer.f32s(h.contents);
    else buffer.f64s(h.contents);
  });
}

function writeTH2(buffer: RecordBuffer, h: HistogramData): void {
  buffer.versioned(5, () => {
    writeTH1(buffer, h, h.sumw2);
    buffer.f64(1).f64s(h.stats.slice(4, 7));
  });
}

function writeTH3(buffer: RecordBuffer, h: HistogramData): void {
  buffer.versioned(6, () => {
    writeTH1(buffer, h, h.sumw2);
    buffer.versioned(1, () => {}); // TAtt3D
    buffer.f64s(h.stats.slice(4, 11));
  });
}

/** A profile is a TH1D of the sums of w*y whose fSumw2 holds the sums of w*y*y. */
function writeProfile(buffer: RecordBuffer, h: HistogramData): void {
  const bins = h.bins ?? { sumw: [], sumwy: [], sumwy2: [], sumw2: [] };
  buffer.versioned(7, () => {
    buffer.versioned(3, () => {
      writeTH1(buffer, h, bins.sumwy2);
      buffer.i32(bins.sumwy.length).f64s(bins.sumwy);
    });
    writeDoubles(buffer, bins.sumw);
    buffer.i32(0).f64(0).f64(0); // fErrorMode: error of the mean; no limits in y
    buffer.f64s(h.stats.slice(4, 6));
    writeDoubles(buffer, bins.sumw2);
  });
}

function writeTH1(buffer: RecordBuffer, h: HistogramData, sumw2: ArrayLike<number> | null): void {
  const values = { ...EMPTY_AXIS, title: h.valueTitle ?? '' };
  const [x, y = values, z = h.axes.length === 2 ? values : EMPTY_AXIS] = h.axes as [AxisData, AxisData?, AxisData?];
  buffer.versioned(8, () => {
    writeStyle(buffer, h.name, h.title, MUST_CLEANUP);
    buffer.i32(h.axes.reduce((cells, axis) => cells * (axis.nbins + 2), 1));
    writeAxis(buffer, 'xaxis', x, 1);
    writeAxis(buffer, 'yaxis', y, 0);
    writeAxis(buffer, 'zaxis', z, 1);
    buffer.i16(0).i16(1000).f64(h.entries).f64s(h.stats.slice(0, 4));
    buffer.f64(UNSET).f64(UNSET).f64(0);
    writeDoubles(buffer, []);
    writeDoubles(buffer, sumw2 ?? []);
    buffer.text('').list([], () => {});
    buffer.i32(0).u8(0).i32(0).i32(NEUTRAL_OVERFLOWS);
  });
}

const EMPTY_AXIS: AxisData = { nbins: 1, min: 0, max: 1, edges: null, title: '' };

function writeAxis(buffer: RecordBuffer, name: string, axis: AxisData, titleOffset: number): void {
  buffer.versioned(10, () => {
    buffer.tnamed(name, axis.title);
    buffer.versioned(4, () => {
      buffer.i32(510).i16(1).i16(1).i16(42).f32(0.005).f32(0.035).f32(0.03);
      buffer.f32(titleOffset).f32(0.035).i16(1).i16(42);
    });
    buffer.i32(axis.nbins).f64(axis.min).f64(axis.max);
    writeDoubles(buffer, axis.edges ?? []);
    buffer.i32(0).i32(0).i16(0).bool(false).text('').reference(null).reference(null);
  });
}

/** @throws {HistogramShapeError} */
export function writeGraph(buffer: RecordBuffer, graph: GraphData): void {
  if (graph.x.length !== graph.y.length)
    throw new HistogramShapeError(`TGraph ${graph.name} has ${graph.x.length} x and ${graph.y.length} y.`);
  buffer.versioned(4, () => {
    writeStyle(buffer, graph.name, graph.title, 0, GRAPH_STYLE);
    buffer.i32(graph.x.length);
    for (const values of [graph.x, graph.y]) buffer.u8(values.length > 0 ? 1 : 0).f64s(values);
    buffer.object('TList', () => buffer.list([], () => {}));
    buffer.reference(null).f64(UNSET).f64(UNSET);
  });
}

export function writeObjString(buffer: RecordBuffer, text: string): void {
  buffer.versioned(1, () => buffer.tobject().text(text));
}

/** TNamed, TAttLine, TAttFill, TAttMarker with ROOT's defaults: how histograms, graphs and trees begin. */
export function writeStyle(buffer: RecordBuffer, name: string, title: string, bits: number, style = PLOT_STYLE): void {
  buffer.tnamed(name, title, bits);
  buffer.versioned(2, () => buffer.i16(style.lineColour).i16(1).i16(1));
  buffer.versioned(2, () => buffer.i16(0).i16(style.fill));
  buffer.versioned(2, () => buffer.i16(1).i16(1).f32(1));
}

/** TArrayD as a member: the length, then the numbers, no frame. */
export function writeDoubles(buffer: RecordBuffer, values: ArrayLike<number>): void {
  buffer.i32(values.length).f64s(values);
}
