/** Round numbers along an axis, and how to write them. */

export interface Ticks {
  /** Labelled. */
  readonly major: readonly number[];
  readonly minor: readonly number[];
  readonly labels: readonly string[];
  /** The labels are to be multiplied by 10 to this power; 0 for as they stand. */
  readonly exponent: number;
}

/** @param wanted about how many labelled ticks */
export function linearTicks(min: number, max: number, wanted: number): Ticks {
  const step = roundStep((max - min) / Math.max(1, wanted));
  const major = multiples(min, max, step);
  const minor = multiples(min, max, step / minorParts(step)).filter(
    (x) => !major.some((m) => Math.abs(m - x) < step / 100),
  );
  const largest = Math.max(Math.abs(min), Math.abs(max));
  const exponent = largest >= 1e5 || largest < 1e-3 ? 3 * Math.floor(Math.log10(largest) / 3) : 0;
  const unit = 10 ** exponent;
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9)));
  return { major, minor, labels: major.map((x) => withMinus((x / unit).toFixed(decimals))), exponent };
}

/** Powers of ten from `min` to `max`, both above 0; where these are few, 2 and 5 times them are labelled too, and round numbers within one. */
export function logTicks(min: number, max: number, wanted: number): Ticks {
  if (max / min < 10) return linearTicks(min, max, wanted);
  const [lowest, highest] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const powers = Math.floor(Math.log10(max)) - Math.ceil(Math.log10(min)) + 1;
  const every = Math.max(1, Math.ceil(powers / Math.max(1, wanted)));
  const isWithin = (x: number): boolean => x >= min * (1 - 1e-9) && x <= max * (1 + 1e-9);
  const leads = highest - lowest <= 2 ? [1, 2, 5] : [1];
  const major: number[] = [];
  const minor: number[] = [];
  for (let k = lowest; k <= highest; k++)
    for (let lead = 1; lead < 10; lead++) {
      const at = Number(`${lead}e${k}`);
      if (!isWithin(at)) continue;
      const isLabelled = leads.includes(lead) && k % every === 0;
      if (isLabelled) major.push(at);
      else if (every === 1 || lead === 1) minor.push(at);
    }
  const isPlain = major.every((x) => x >= 1e-3 && x < 1e5); // one form for the whole axis
  return { major, minor, labels: major.map((x) => (isPlain ? String(x) : powerOfTen(x))), exponent: 0 };
}

/** A single digit times a power of ten. */
function powerOfTen(x: number): string {
  const [lead = '', exponent = ''] = x.toExponential(0).split('e');
  return withMinus(`${lead === '1' ? '' : `${lead}×`}10^{${Number(exponent)}}`);
}

/** At most `digits` significant digits, with a proper minus sign; powers of ten where plain digits would be long. */
export function shortNumber(x: number, digits = 4): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞';
  if (x !== 0 && (Math.abs(x) >= 1e7 || Math.abs(x) < 1e-4)) {
    const [mantissa = '', exponent = ''] = x.toExponential(digits - 1).split('e');
    return withMinus(`${Number(mantissa)}×10^{${Number(exponent)}}`);
  }
  return withMinus(
    String(Number.isInteger(x) ? x : Number(x.toPrecision(Math.max(digits, Math.floor(Math.log10(Math.abs(x))) + 1)))),
  );
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/** 2 is cut into fourths, 1 and 5 into fifths. */
function minorParts(step: number): number {
  const lead = Math.round(step / 10 ** Math.floor(Math.log10(step) + 1e-9));
  return lead === 2 ? 4 : 5;
}

function multiples(min: number, max: number, step: number): number[] {
  const slack = step * 1e-9;
  const found: number[] = [];
  for (let k = Math.ceil((min - slack) / step); k * step <= max + slack && found.length < 1000; k++)
    found.push(k === 0 ? 0 : k * step);
  return found;
}

const withMinus = (text: string): string => text.replaceAll('-', '−');
