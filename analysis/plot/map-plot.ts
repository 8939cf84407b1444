/** Two-dimensional histograms as colour maps with a scale; three-dimensional ones as their projection on x and y. */
import { Axis } from '../outputs/axis.js';
import type { HistogramResult } from '../outputs/result.js';
import { fitted } from './fit-text.js';
import { Frame, type PlotSize } from './frame.js';
import { plotNote } from './plot-note.js';
import { dividedBy, powerFor } from './power-of-ten.js';
import { fixed, svgText, textWidth } from './svg-text.js';
import { linearTicks, logTicks } from './ticks.js';

/** Colours from low to high, of even lightness steps (after viridis of matplotlib, CC0). */
const PALETTE: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
];
const SHADES = 128;
/** Beside the shades: nothing is drawn, and what is no number is grey. */
const EMPTY = -1;
const NO_NUMBER = SHADES;
const GREY = '#b4b4b4';

export function mapPlot(h: HistogramResult, size: PlotSize, wantsLog: boolean): string {
  const [x, y] = [new Axis(h.axes[0]!), new Axis(h.axes[1]!)];
  const { plane, power, inRange, odd } = planeOf(h, x, y);
  const { low, high, isLog } = rangeOf(inRange, wantsLog);
  const part = (value: number): number =>
    isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const shade = (value: number): number => {
    if (!Number.isFinite(value)) return NO_NUMBER;
    return value === 0 || (isLog && value < 0) ? EMPTY : Math.min(SHADES - 1, Math.floor(part(value) * SHADES));
  };
  const hidden = isLog ? inRange.filter((value) => value < 0).length : 0;
  const note = plotNote([
    ['grey', odd, 'bin', 'NaN or infinite'],
    ['not shown', hidden, 'bin', 'below 0'],
  ]);
  const title = h.type === 'H3' ? `${h.title} (summed over ${h.axes[2]!.title || 'z'})` : h.title;
  const right = Math.max(size.width / 9, 60);
  const frame = new Frame({ ...size, title, right, note, x: h.axes[0]!, y: h.axes[1]! });
  return [
    cells(frame, { x, y, plane, shade }),
    frame.svg(),
    scale(frame, { low, high, isLog, part, right, title: h.valueTitle, power }),
  ].join('\n');
}

/** Contents to be multiplied by 10 to `power`; those in range that are neither 0 nor odd (NaN or infinite). */
function planeOf(
  h: HistogramResult,
  x: Axis,
  y: Axis,
): { plane: Float64Array; power: number; inRange: number[]; odd: number } {
  const given = h.type === 'H3' ? projected(h) : h.contents;
  const largest = given.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  const power = powerFor(largest);
  const plane = power === 0 ? given : given.map((value) => dividedBy(value, power));
  const inRange: number[] = [];
  let odd = 0;
  for (let j = 1; j <= y.nbins; j++)
    for (let i = 1; i <= x.nbins; i++) {
      const value = plane[i + (x.nbins + 2) * j]!;
      if (!Number.isFinite(value)) odd++;
      else if (value !== 0) inRange.push(value);
    }
  return { plane, power, inRange, odd };
}

function rangeOf(values: readonly number[], wantsLog: boolean): { low: number; high: number; isLog: boolean } {
  const high = values.length === 0 ? 1 : values.reduce((a, b) => Math.max(a, b));
  const least = values.reduce((least, value) => (value > 0 ? Math.min(least, value) : least), Number.POSITIVE_INFINITY);
  const isLog = wantsLog && least > 1e-290 && least <= high;
  const low = isLog ? least / 1.5 : values.reduce((a, b) => Math.min(a, b), 0);
  return { low, high: high > low ? high : low + 1, isLog };
}

/** Neighbours of one colour are one rectangle; empty cells stay white. `shade`: of SHADES, or EMPTY or NO_NUMBER. */
function cells(
  frame: Frame,
  { x, y, plane, shade }: { x: Axis; y: Axis; plane: ArrayLike<number>; shade: (value: number) => number },
): string {
  const shapes = Array.from({ length: SHADES + 1 }, () => '');
  for (let j = 1; j <= y.nbins; j++) {
    const [top, bottom] = [fixed(frame.y(y.lowEdge(j + 1))), fixed(frame.y(y.lowEdge(j)))];
    for (let i = 1; i <= x.nbins; ) {
      const at = (bin: number): number => shade(plane[bin + (x.nbins + 2) * j]!);
      const colour = at(i);
      let end = i + 1;
      while (end <= x.nbins && at(end) === colour) end++;
      if (colour !== EMPTY)
        shapes[colour] +=
          `M${fixed(frame.x(x.lowEdge(i)))} ${bottom}V${top}H${fixed(frame.x(x.lowEdge(end)))}V${bottom}Z`;
      i = end;
    }
  }
  const drawn = shapes.map((shape, k) => (shape === '' ? '' : `<path d="${shape}" fill="${colourOf(k)}"/>`));
  return `<g shape-rendering="crispEdges">${drawn.join('')}</g>`;
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly isLog: boolean;
  /** How high a value stands, 0 to 1. */
  readonly part: (value: number) => number;
  /** Room for it. */
  readonly right: number;
  readonly title: string;
  /** Values are to be multiplied by 10 to this. */
  readonly power: number;
}

function scale(frame: Frame, { low, high, isLog, part, right, title, power }: Scale): string {
  const { text, top, bottom } = frame;
  const left = frame.right + 0.9 * text;
  const width = Math.min(1.3 * text, right / 4);
  const height = bottom - top;
  const strips = Array.from({ length: SHADES }, (_, k) => {
    const y = bottom - ((k + 1) / SHADES) * height;
    return `<rect x="${fixed(left)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height / SHADES + 0.5)}" fill="${colourOf(k)}"/>`;
  });
  const { major, labels, exponent: own } = (isLog ? logTicks : linearTicks)(low, high, 7);
  const marks = major.map((tick, i) => {
    const y = bottom - part(tick) * height;
    return svgText(left + width + 0.35 * text, y + 0.33 * text, labels[i]!, { size: 0.9 * text });
  });
  const widest = Math.max(...labels.map((label) => textWidth(label, 0.9 * text)));
  const exponent = own + power;
  const times = exponent === 0 ? '' : ` ×10^{${String(exponent).replace('-', '−')}}`;
  const end = left + width + 0.35 * text + widest;
  const shown = fitted(title, 0.9 * text, end - frame.scaleTitleFrom - textWidth(times, 0.9 * text));
  return [
    ...strips,
    `<rect x="${fixed(left)}" y="${fixed(top)}" width="${fixed(width)}" height="${fixed(height)}" fill="none" stroke="#1a1a1a" stroke-width="${fixed(text / 14)}"/>`,
    ...marks,
    svgText(end, top - 0.7 * text, `${shown.text}${times}`.trim(), { size: shown.size, anchor: 'end' }),
  ].join('\n');
}

/** Sums over z, its under- and overflow included. */
function projected({ axes, contents }: HistogramResult): Float64Array {
  const plane = (axes[0]!.nbins + 2) * (axes[1]!.nbins + 2);
  const sums = new Float64Array(plane);
  for (let cell = 0; cell < contents.length; cell++) sums[cell % plane]! += contents[cell]!;
  return sums;
}

function colourOf(shade: number): string {
  if (shade === NO_NUMBER) return GREY;
  const at = (shade / (SHADES - 1)) * (PALETTE.length - 1);
  const [from, to] = [PALETTE[Math.floor(at)]!, PALETTE[Math.min(PALETTE.length - 1, Math.floor(at) + 1)]!];
  const part = at - Math.floor(at);
  const channels = from.map((channel, i) =>
    Math.round(channel + part * (to[i]! - channel))
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${channels.join('')}`;
}
