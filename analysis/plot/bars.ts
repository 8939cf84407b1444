/** Bins as they are drawn: value and error each, and the range of an axis that shows them. */
import { Axis } from '../outputs/axis.js';
import type { HistogramResult, ProfileResult } from '../outputs/result.js';
import { dividedBy, powerFor } from './power-of-ten.js';

export interface Bar {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  /** 0 where there is none, or none that is finite. */
  readonly error: number;
  readonly isEmpty: boolean;
}

/** To be multiplied by 10 to `power`. */
export interface Bars {
  readonly bars: readonly Bar[];
  readonly power: number;
}

export function histogramBars(h: HistogramResult): Bars {
  const axis = new Axis(h.axes[0]!);
  return scaled(axis, (bin) => {
    const value = h.contents[bin]!;
    const error = Math.sqrt(Math.abs(h.sumw2?.[bin] ?? value));
    return { value, error, isEmpty: value === 0 && error === 0 };
  });
}

export function profileBars(p: ProfileResult): Bars {
  const { sumw, sumwy, sumwy2, sumw2 } = p.bins;
  return scaled(new Axis(p.axes[0]!), (bin) => {
    const w = sumw[bin]!;
    const value = sumwy[bin]! / w;
    const effective = (w * w) / (sumw2?.[bin] ?? w);
    const error = Math.sqrt(Math.abs(sumwy2[bin]! / w - value * value) / effective);
    return { value, error, isEmpty: w === 0 };
  });
}

function scaled(axis: Axis, of: (bin: number) => Pick<Bar, 'value' | 'error' | 'isEmpty'>): Bars {
  const bars = Array.from({ length: axis.nbins }, (_, i): Bar => {
    const { value, error, isEmpty } = of(i + 1);
    const shown = Number.isFinite(error) ? error : 0;
    return { low: axis.lowEdge(i + 1), high: axis.lowEdge(i + 2), value, error: shown, isEmpty };
  });
  const largest = bars.filter(isDrawn).reduce((most, bar) => Math.max(most, Math.abs(bar.value), bar.error), 0);
  const power = powerFor(largest);
  if (power === 0) return { bars, power };
  const less = (x: number): number => dividedBy(x, power);
  return { bars: bars.map((bar) => ({ ...bar, value: less(bar.value), error: less(bar.error) })), power };
}

export const isDrawn = ({ value, isEmpty }: Bar): boolean => !isEmpty && Number.isFinite(value);

/** NaN or infinite: neither a bar nor nothing. */
export const isOdd = ({ value, isEmpty }: Bar): boolean => !isEmpty && !Number.isFinite(value);

export interface BarRange {
  readonly min: number;
  readonly max: number;
  readonly isLog?: true;
}

/** What is beyond these has no logarithmic scale. */
const [SMALLEST, LARGEST] = [1e-290, 1e290];

/** Of a logarithmic scale: from below the smallest value above 0. None where no value is. */
export function logRangeOf(bars: readonly Bar[]): BarRange | undefined {
  const positive = bars.filter((bar) => isDrawn(bar) && bar.value > 0);
  const low = positive.reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = positive.reduce((most, { value, error }) => Math.max(most, value + error), Number.NEGATIVE_INFINITY);
  const [min, max] = [low / 2, high * Math.max(1.5, (high / low) ** 0.15)];
  return min > SMALLEST && max < LARGEST ? { min, max, isLog: true } : undefined;
}

/** From the lowest to the highest end of an error bar, with room above (and below, unless that is zero). */
export function rangeOf(bars: readonly Bar[], isZeroShown: boolean): BarRange {
  const drawn = bars.filter(isDrawn);
  let low = drawn.reduce((least, { value, error }) => Math.min(least, value - error), Number.POSITIVE_INFINITY);
  let high = drawn.reduce((most, { value, error }) => Math.max(most, value + error), Number.NEGATIVE_INFINITY);
  if (!(low <= high)) return { min: 0, max: 1 };
  if (isZeroShown) {
    low = drawn.every(({ value }) => value >= 0) ? 0 : Math.min(0, low);
    high = Math.max(0, high);
  }
  const room = high > low ? high - low : Math.abs(high) || 1;
  return { min: low === 0 && isZeroShown ? 0 : low - 0.08 * room, max: high + 0.12 * room };
}
