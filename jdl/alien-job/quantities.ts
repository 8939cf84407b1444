/** Sizes, times and thresholds as AliEn users write them: numbers in strings, with units. */

const SIZE = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?B)?\s*$/i;
const POWERS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 };

/** "8GB" -> 8 * 2^30 bytes; a number without a unit counts megabytes, as AliEn's Memory does. Undefined where it is no size. */
export function parseSize(text: string, bareUnit: 'M' | '' = 'M'): number | undefined {
  const found = SIZE.exec(text);
  if (found === null) return undefined;
  const [, digits, letter = '', byte] = found;
  const unit = letter === '' && byte === undefined ? bareUnit : letter.toUpperCase();
  const bytes = Math.round(Number(digits) * 1024 ** POWERS[unit]!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** So many, or so many percent. */
export type Threshold = { readonly count: number } | { readonly percent: number };

/** "10" or "10%". */
export function parseThreshold(text: string): Threshold | undefined {
  const found = /^\s*(\d+)\s*(%?)\s*$/.exec(text);
  if (found === null) return undefined;
  const value = Number(found[1]);
  if (found[2] === '%') return value <= 100 ? { percent: value } : undefined;
  return Number.isSafeInteger(value) ? { count: value } : undefined;
}

/** How many of `total` a threshold means; a percentage is rounded down. */
export function thresholdCount(threshold: Threshold, total: number): number {
  return 'count' in threshold ? threshold.count : Math.floor((total * threshold.percent) / 100);
}

const WAIT_UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };
const LONGEST_WAIT_SECONDS = 14 * 86_400;

/** "2h" -> 7200 seconds; under 14 days. */
export function parseWait(text: string): number | undefined {
  const found = /^\s*(\d+)\s*([smh]?)\s*$/i.exec(text);
  if (found === null) return undefined;
  const seconds = Number(found[1]) * WAIT_UNITS[(found[2] ?? '').toLowerCase()]!;
  return seconds < LONGEST_WAIT_SECONDS ? seconds : undefined;
}
