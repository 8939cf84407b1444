/** One-dimensional histograms: steps over a light area, with error bars; and profiles: means with their errors. */
import { Axis } from '../outputs/axis.js';
import type { HistogramResult, ProfileResult } from '../outputs/result.js';
import { Frame, type PlotSize, statsBox } from './frame.js';
import { fixed } from './svg-text.js';
import { shortNumber } from './ticks.js';

const LINE = '#1b4f91';
const AREA = '#d6e4f5';

/** One bin as it is drawn; nothing is drawn of what is not finite. */
interface Bar {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly error: number;
  readonly isEmpty: boolean;
}

export function histogramPlot(h: HistogramResult, size: PlotSize, isLog: boolean): string {
  const axis = new Axis(h.axes[0]!);
  const bars = Array.from({ length: axis.nbins }, (_, i): Bar => {
    const value = h.contents[i + 1]!;
    const error = Math.sqrt(Math.abs(h.sumw2?.[i + 1] ?? value));
    return { low: axis.lowEdge(i + 1), high: axis.lowEdge(i + 2), value, error, isEmpty: value === 0 && error === 0 };
  });
  const frame = frameFor(h, bars, { size, isZeroShown: true, isLog });
  const zero = frame.y(Math.max(0, rangeOf(bars, true).min));
  const steps = bars.map(({ low, high, value }) => {
    const y = frame.y(Number.isFinite(value) ? value : 0);
    return `L${fixed(frame.x(low))} ${fixed(y)}H${fixed(frame.x(high))}`;
  });
  const outline = `M${fixed(frame.left)} ${fixed(zero)}${steps.join('')}V${fixed(zero)}`;
  const { text } = frame;
  return [
    `<path d="${outline}Z" fill="${AREA}"/>`,
    `<path d="${outline}" fill="none" stroke="${LINE}" stroke-width="${fixed(text / 9)}" stroke-linejoin="round"/>`,
    errorBars(frame, bars),
    frame.svg(),
    statsBox(frame, histogramStats(h), isRoomLeft(bars)),
  ].join('\n');
}

export function profilePlot(p: ProfileResult, size: PlotSize, isLog: boolean): string {
  const axis = new Axis(p.axes[0]!);
  const { sumw, sumwy, sumwy2, sumw2 } = p.bins;
  const bars = Array.from({ length: axis.nbins }, (_, i): Bar => {
    const w = sumw[i + 1]!;
    const value = sumwy[i + 1]! / w;
    const effective = (w * w) / (sumw2?.[i + 1] ?? w);
    const error = Math.sqrt(Math.abs(sumwy2[i + 1]! / w - value * value) / effective);
    return { low: axis.lowEdge(i + 1), high: axis.lowEdge(i + 2), value, error, isEmpty: w === 0 };
  });
  const frame = frameFor(p, bars, { size, isZeroShown: false, isLog });
  const drawn = bars.filter(isDrawn);
  const radius = fixed(Math.min(frame.text / 3.2, ((frame.right - frame.left) / axis.nbins) * 0.4));
  const points = drawn.map((bar) => {
    const y = fixed(frame.y(bar.value));
    const across = `<path d="M${fixed(frame.x(bar.low))} ${y}H${fixed(frame.x(bar.high))}" stroke="${LINE}" stroke-width="${fixed(frame.text / 12)}"/>`;
    return `${across}<circle cx="${fixed(frame.x((bar.low + bar.high) / 2))}" cy="${y}" r="${radius}" fill="${LINE}"/>`;
  });
  const rows: [string, string][] = [['Entries', shortNumber(p.entries, 9)]];
  return [errorBars(frame, bars), ...points, frame.svg(), statsBox(frame, rows, isRoomLeft(bars))].join('\n');
}

function frameFor(
  { title, axes, valueTitle }: HistogramResult | ProfileResult,
  bars: readonly Bar[],
  { size, isZeroShown, isLog }: { size: PlotSize; isZeroShown: boolean; isLog: boolean },
): Frame {
  const { min, max, title: xTitle } = axes[0]!;
  return new Frame({
    ...size,
    title,
    x: { min, max, title: xTitle },
    y: { ...((isLog && logRangeOf(bars)) || rangeOf(bars, isZeroShown)), title: valueTitle },
  });
}

/** What is beyond these has no logarithmic scale. */
const [SMALLEST, LARGEST] = [1e-290, 1e290];

/** Of a logarithmic scale: from below the smallest value above 0. None where no value is. */
function logRangeOf(bars: readonly Bar[]): { min: number; max: number; isLog: true } | undefined {
  const positive = bars.filter((bar) => isDrawn(bar) && bar.value > 0);
  const low = Math.min(...positive.map(({ value }) => value));
  const high = Math.max(...positive.map(({ value, error }) => value + error));
  const [min, max] = [low / 2, high * Math.max(1.5, (high / low) ** 0.15)];
  return min > SMALLEST && max < LARGEST ? { min, max, isLog: true } : undefined;
}

/** From the lowest to the highest end of an error bar, with room above (and below, unless that is zero). */
function rangeOf(bars: readonly Bar[], isZeroShown: boolean): { min: number; max: number } {
  const drawn = bars.filter(isDrawn);
  let low = Math.min(...drawn.map(({ value, error }) => value - error));
  let high = Math.max(...drawn.map(({ value, error }) => value + error));
  if (!(low <= high)) return { min: 0, max: 1 };
  if (isZeroShown) {
    low = drawn.every(({ value }) => value >= 0) ? 0 : Math.min(0, low);
    high = Math.max(0, high);
  }
  const room = high > low ? high - low : Math.abs(high) || 1;
  return { min: low === 0 && isZeroShown ? 0 : low - 0.08 * room, max: high + 0.12 * room };
}

function errorBars(frame: Frame, bars: readonly Bar[]): string {
  const lines = bars.filter(isDrawn).map(({ low: left, high: right, value, error }) => {
    const x = fixed(frame.x((left + right) / 2));
    const low = Math.min(frame.bottom, frame.y(value - error)); // the axis may begin at 0
    return `M${x} ${fixed(low)}V${fixed(frame.y(value + error))}`;
  });
  return `<path d="${lines.join('')}" stroke="${LINE}" stroke-width="${fixed(frame.text / 14)}" fill="none"/>`;
}

const isDrawn = ({ value, error, isEmpty }: Bar): boolean =>
  !isEmpty && Number.isFinite(value) && Number.isFinite(error);

/** Is there more room above the left third than above the right one? */
function isRoomLeft(bars: readonly Bar[]): boolean {
  const third = Math.ceil(bars.length / 3);
  const highest = (part: readonly Bar[]): number =>
    Math.max(Number.NEGATIVE_INFINITY, ...part.filter(isDrawn).map((bar) => bar.value));
  return highest(bars.slice(0, third)) < highest(bars.slice(-third));
}

function histogramStats({ entries, stats, contents }: HistogramResult): (readonly [string, string])[] {
  const { sumw = 0, sumwx = 0, sumwx2 = 0 } = stats;
  const mean = sumwx / sumw;
  const rows: [string, string][] = [['Entries', shortNumber(entries, 9)]];
  if (sumw !== 0) {
    rows.push(['Mean', shortNumber(mean)]);
    rows.push(['Std dev', shortNumber(Math.sqrt(Math.max(0, sumwx2 / sumw - mean * mean)))]);
  }
  const [underflow = 0, overflow = 0] = [contents[0], contents.at(-1)];
  if (underflow !== 0) rows.push(['Underflow', shortNumber(underflow)]);
  if (overflow !== 0) rows.push(['Overflow', shortNumber(overflow)]);
  return rows;
}
