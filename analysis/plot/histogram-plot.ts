/** One-dimensional histograms: steps over a light area, with error bars; and profiles: means with their errors. */
import type { HistogramResult, ProfileResult } from '../outputs/result.js';
import { type Bar, type Bars, histogramBars, isDrawn, isOdd, logRangeOf, profileBars, rangeOf } from './bars.js';
import { Frame, type PlotSize } from './frame.js';
import { plotNote } from './plot-note.js';
import { freeCorner, type Place, placeIn, roomierCorner, type StatsRow, statsBox } from './stats-box.js';
import { fixed } from './svg-text.js';
import { shortNumber } from './ticks.js';

const LINE = '#1b4f91';
const AREA = '#d6e4f5';
/** Of bins that are not finite. */
const ODD = '#f0dfd0';

export function histogramPlot(h: HistogramResult, size: PlotSize, wantsLog: boolean): string {
  const given = histogramBars(h);
  const { frame, box, bars } = framed(h, given, histogramStats(h), { size, isZeroShown: true, wantsLog });
  const zero = zeroOf(frame);
  const steps = bars.map((bar) => {
    const y = isDrawn(bar) ? frame.y(bar.value) : zero;
    return `L${fixed(frame.x(bar.low))} ${fixed(y)}H${fixed(frame.x(bar.high))}`;
  });
  const outline = `M${fixed(frame.left)} ${fixed(zero)}${steps.join('')}V${fixed(zero)}`;
  return [
    oddBins(frame, given.bars),
    `<path d="${outline}Z" fill="${AREA}"/>`,
    `<path d="${outline}" fill="none" stroke="${LINE}" stroke-width="${fixed(frame.text / 9)}" stroke-linejoin="round"/>`,
    errorBars(frame, bars),
    frame.svg(),
    box,
  ].join('\n');
}

export function profilePlot(p: ProfileResult, size: PlotSize, wantsLog: boolean): string {
  const given = profileBars(p);
  const rows: StatsRow[] = [['Entries', shortNumber(p.entries, 9)]];
  const { frame, box, bars } = framed(p, given, rows, { size, isZeroShown: false, wantsLog });
  const radius = fixed(Math.min(frame.text / 3.2, ((frame.right - frame.left) / bars.length) * 0.4));
  const points = bars.filter(isDrawn).map((bar) => {
    const y = fixed(frame.y(bar.value));
    const across = `<path d="M${fixed(frame.x(bar.low))} ${y}H${fixed(frame.x(bar.high))}" stroke="${LINE}" stroke-width="${fixed(frame.text / 12)}"/>`;
    return `${across}<circle cx="${fixed(frame.x((bar.low + bar.high) / 2))}" cy="${y}" r="${radius}" fill="${LINE}"/>`;
  });
  return [oddBins(frame, given.bars), errorBars(frame, bars), ...points, frame.svg(), box].join('\n');
}

interface Wishes {
  readonly size: PlotSize;
  readonly isZeroShown: boolean;
  readonly wantsLog: boolean;
}

/** The frame around the bars, the box of statistics in it, and the bars that can be shown in it: on a logarithmic scale those above 0. */
function framed(
  { title, axes, valueTitle, type }: HistogramResult | ProfileResult,
  { bars: given, power }: Bars,
  rows: readonly StatsRow[],
  { size, isZeroShown, wantsLog }: Wishes,
): { frame: Frame; box: string; bars: readonly Bar[] } {
  const range = (wantsLog ? logRangeOf(given) : undefined) ?? rangeOf(given, isZeroShown);
  const isLog = range.isLog === true;
  const bars = isLog ? given.map((bar) => (bar.value > 0 ? bar : { ...bar, isEmpty: true })) : given;
  const { min, max, title: xTitle } = axes[0]!;
  const note = noteOf(given, type === 'Profile' ? 'mean' : 'bin', isLog);
  const frameTo = (top: number): Frame =>
    new Frame({
      ...size,
      title,
      note,
      x: { min, max, title: xTitle },
      y: { min: range.min, max: top, isLog, title: valueTitle, power },
    });
  const first = frameTo(range.max);
  const drawn = placesOf(first, bars, isZeroShown);
  const free = freeCorner(first, rows, drawn);
  if (free !== undefined) return { frame: first, box: statsBox(first, rows, placeIn(first, rows, free)), bars };
  const { corner, stretch } = roomierCorner(first, rows, drawn);
  const higher = isLog ? range.min * (range.max / range.min) ** stretch : range.min + (range.max - range.min) * stretch;
  const frame = frameTo(Number.isFinite(higher) ? higher : range.max);
  return { frame, box: statsBox(frame, rows, placeIn(frame, rows, corner)), bars };
}

/** What the picture cannot show of the bins. */
function noteOf(bars: readonly Bar[], what: 'bin' | 'mean', isLog: boolean): string {
  const isHidden = what === 'bin' ? (value: number) => value < 0 : (value: number) => value <= 0;
  const hidden = isLog ? bars.filter((bar) => isDrawn(bar) && isHidden(bar.value)).length : 0;
  return plotNote([
    ['shaded', bars.filter(isOdd).length, what, 'NaN or infinite'],
    ['not shown', hidden, what, what === 'bin' ? 'below 0' : 'not above 0'],
  ]);
}

/** Where bars stand: at 0, or at the end of the axis that is nearest to it. */
const zeroOf = (frame: Frame): number => Math.min(frame.bottom, Math.max(frame.top, frame.y(0)));

/** Error bars included, and what is between a bar and zero where that is drawn. */
function placesOf(frame: Frame, bars: readonly Bar[], isZeroShown: boolean): Place[] {
  return bars.filter(isDrawn).map(({ low, high, value, error }) => {
    const ends = [frame.y(value - error), frame.y(value + error), ...(isZeroShown ? [zeroOf(frame)] : [])];
    return { left: frame.x(low), right: frame.x(high), top: Math.min(...ends), bottom: Math.max(...ends) };
  });
}

/** Over the whole height, so that they are not taken for empty ones. */
function oddBins(frame: Frame, bars: readonly Bar[]): string {
  const shapes = bars.filter(isOdd).map(({ low, high }) => {
    const [left, right] = [fixed(frame.x(low)), fixed(frame.x(high))];
    return `M${left} ${fixed(frame.top)}H${right}V${fixed(frame.bottom)}H${left}Z`;
  });
  return shapes.length === 0 ? '' : `<path d="${shapes.join('')}" fill="${ODD}"/>`;
}

function errorBars(frame: Frame, bars: readonly Bar[]): string {
  const lines = bars.filter((bar) => isDrawn(bar) && bar.error > 0);
  const shapes = lines.map(({ low: left, high: right, value, error }) => {
    const x = fixed(frame.x((left + right) / 2));
    const low = Math.min(frame.bottom, frame.y(value - error)); // the axis may begin at 0
    return `M${x} ${fixed(low)}V${fixed(frame.y(value + error))}`;
  });
  return `<path d="${shapes.join('')}" stroke="${LINE}" stroke-width="${fixed(frame.text / 14)}" fill="none"/>`;
}

function histogramStats({ entries, stats, contents }: HistogramResult): StatsRow[] {
  const { sumw = 0, sumwx = 0, sumwx2 = 0 } = stats;
  const mean = sumwx / sumw;
  const rows: StatsRow[] = [['Entries', shortNumber(entries, 9)]];
  if (sumw !== 0) {
    rows.push(['Mean', shortNumber(mean)]);
    rows.push(['Std dev', shortNumber(Math.sqrt(Math.abs(sumwx2 / sumw - mean * mean)))]);
  }
  const [underflow = 0, overflow = 0] = [contents[0], contents.at(-1)];
  if (underflow !== 0) rows.push(['Underflow', shortNumber(underflow)]);
  if (overflow !== 0) rows.push(['Overflow', shortNumber(overflow)]);
  return rows;
}
