/** strftime of the C locale: the ANSI conversions and the usual POSIX ones. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const padded = (n: number, width = 2, fill = '0'): string => String(n).padStart(width, fill);
const DAY_MS = 86_400_000;

/** A moment broken down; its UTC fields are what is shown. */
interface Moment {
  readonly date: Date;
  /** Seconds east of Greenwich, for %z and %s. */
  readonly offset: number;
  /** For %Z. */
  readonly zone: string;
}

const dayOfYear = (date: Date): number =>
  Math.floor(
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
      DAY_MS,
  );

function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return { year: thursday.getUTCFullYear(), week: 1 + Math.floor(dayOfYear(thursday) / 7) };
}

const CONVERSIONS: Readonly<Record<string, (moment: Moment) => string>> = {
  a: ({ date }) => DAYS[date.getUTCDay()]!.slice(0, 3),
  A: ({ date }) => DAYS[date.getUTCDay()]!,
  b: ({ date }) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  h: ({ date }) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  B: ({ date }) => MONTHS[date.getUTCMonth()]!,
  c: (moment) => formatTime('%a %b %e %H:%M:%S %Y', moment),
  C: ({ date }) => padded(Math.floor(date.getUTCFullYear() / 100)),
  d: ({ date }) => padded(date.getUTCDate()),
  D: (moment) => formatTime('%m/%d/%y', moment),
  e: ({ date }) => padded(date.getUTCDate(), 2, ' '),
  F: (moment) => formatTime('%Y-%m-%d', moment),
  g: ({ date }) => padded(isoWeek(date).year % 100),
  G: ({ date }) => String(isoWeek(date).year),
  H: ({ date }) => padded(date.getUTCHours()),
  I: ({ date }) => padded(date.getUTCHours() % 12 || 12),
  j: ({ date }) => padded(dayOfYear(date) + 1, 3),
  k: ({ date }) => padded(date.getUTCHours(), 2, ' '),
  l: ({ date }) => padded(date.getUTCHours() % 12 || 12, 2, ' '),
  m: ({ date }) => padded(date.getUTCMonth() + 1),
  M: ({ date }) => padded(date.getUTCMinutes()),
  n: () => '\n',
  p: ({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ date }) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  r: (moment) => formatTime('%I:%M:%S %p', moment),
  R: (moment) => formatTime('%H:%M', moment),
  s: ({ date, offset }) => String(Math.floor(date.getTime() / 1000) - offset),
  S: ({ date }) => padded(date.getUTCSeconds()),
  t: () => '\t',
  T: (moment) => formatTime('%H:%M:%S', moment),
  u: ({ date }) => String(date.getUTCDay() || 7),
  U: ({ date }) => padded(Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  V: ({ date }) => padded(isoWeek(date).week),
  w: ({ date }) => String(date.getUTCDay()),
  W: ({ date }) => padded(Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
  x: (moment) => formatTime('%m/%d/%y', moment),
  X: (moment) => formatTime('%H:%M:%S', moment),
  y: ({ date }) => padded(date.getUTCFullYear() % 100),
  Y: ({ date }) => String(date.getUTCFullYear()),
  z: () => '+0000', // the reference hands strftime no zone
  Z: ({ zone }) => zone,
  '%': () => '%',
};

/** Conversions that are not known stay as they are written. */
export function formatTime(format: string, moment: Moment): string {
  return format.replace(/%[EO]?([\s\S])/g, (written, letter: string) => CONVERSIONS[letter]?.(moment) ?? written);
}
