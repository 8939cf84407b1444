/**
 * Absolute and relative times as text, both ways.
 * Formats: HTCondor manual, absTime() and relTime(); src/classad/literals.cpp and util.cpp for what minor variations are allowed.
 */
import { AbsTime, ERROR, RelTime } from './value.js';

/** Seconds east of Greenwich at an instant. */
export type ZoneOffset = (epochSeconds: number) => number;

const LONGEST_TIME = 200;

/** Reads numbers of two or four characters one behind the other, as leniently as the reference. */
class FieldReader {
  #at = 0;
  constructor(readonly text: string) {}

  /** The number that the next digit begins, of at most `width` characters; undefined where fewer are left. */
  next(width: number): number | undefined {
    while (this.#at < this.text.length && !/[0-9]/.test(this.text.charAt(this.#at))) this.#at++;
    if (this.#at > this.text.length - width) return undefined;
    const field = this.text.slice(this.#at, this.#at + width);
    this.#at += width;
    return Number.parseInt(field, 10);
  }

  get hasMoreDigits(): boolean {
    return /[0-9]/.test(this.text.slice(this.#at));
  }
}

/**
 * `yyyy[-mm[-dd[Thh[:mm[:ss]]]]][zone]`, anything but digits between the parts, the zone Z, +hh:mm or -hhmm.
 * Parts out of range carry over; a text without a day means the day before the first.
 */
export function parseAbsTime(text: string, zoneOffset: ZoneOffset): AbsTime | typeof ERROR {
  if (text.length > LONGEST_TIME) return ERROR;
  const zone = /[zZ]\s*$|([+-])(\d\d):?(\d\d)$/.exec(text);
  const reader = new FieldReader(zone === null ? text : text.slice(0, zone.index));
  const year = reader.next(4);
  if (year === undefined) return ERROR;
  const [month = 1, day = 0, hours = 0, minutes = 0, seconds = 0] = Array.from({ length: 5 }, () => reader.next(2));
  if (reader.hasMoreDigits) return ERROR;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const asIfUtc = date.setUTCHours(hours, minutes, seconds) / 1000;
  if (zone === null) {
    const offset = zoneOffset(asIfUtc - zoneOffset(asIfUtc));
    return new AbsTime(asIfUtc - offset, offset);
  }
  const magnitude = Number(zone[2] ?? 0) * 3600 + Number(zone[3] ?? 0) * 60;
  const offset = zone[1] === '-' ? -magnitude : magnitude;
  return new AbsTime(asIfUtc - offset, offset);
}

/** `[-][days+][hh:][mm:]ss[.fff]`, or with the letters d, h, m, s: read from the end, so that the last number is seconds. */
export function parseRelTime(text: string): RelTime | typeof ERROR {
  if (text.length > LONGEST_TIME) return ERROR;
  let rest = text;
  const takeFromEnd = (pattern: RegExp): number => {
    const found = pattern.exec(rest);
    if (found === null) return 0;
    rest = rest.slice(0, found.index);
    return Number(found[1] ?? found[2] ?? 0);
  };
  const seconds = takeFromEnd(/(\d*\.?\d*)\s*[sS]\s*$|(\d*\.?\d+)\s*$/);
  const minutes = takeFromEnd(/(\d*)\s*[mM:]\s*$/);
  const hours = takeFromEnd(/(\d*)\s*[hH:]\s*$/);
  const days = takeFromEnd(/(\d*)\s*[dD+]\s*$/);
  const isNegative = /-\s*$/.test(rest);
  if (isNegative) rest = rest.replace(/-\s*$/, '');
  if (rest.trim() !== '') return ERROR;
  const total = days * 86400 + hours * 3600 + minutes * 60 + seconds;
  return new RelTime(isNegative ? -total : total);
}

const two = (n: number): string => String(n).padStart(2, '0');

/** 2003-01-25T09:00:00-06:00. */
export function formatAbsTime({ secs, offset }: AbsTime): string {
  const shown = new Date((secs + offset) * 1000);
  const zone = Math.abs(offset);
  const sign = offset > 0 ? '+' : '-'; // UTC is -00:00, as the reference prints it
  if (Number.isNaN(shown.getTime())) return `${secs}`;
  return (
    `${String(shown.getUTCFullYear()).padStart(4, '0')}-${two(shown.getUTCMonth() + 1)}-${two(shown.getUTCDate())}` +
    `T${two(shown.getUTCHours())}:${two(shown.getUTCMinutes())}:${two(shown.getUTCSeconds())}` +
    `${sign}${two(Math.trunc(zone / 3600))}:${two(Math.trunc(zone / 60) % 60)}`
  );
}

/** 1+02:03:04, without leading parts that are zero; a fraction with at most six digits of seconds. */
export function formatRelTime(secs: number): string {
  const magnitude = Math.abs(secs);
  const whole = Math.trunc(magnitude);
  const fraction = magnitude - whole;
  const seconds = fraction === 0 ? two(whole % 60) : two(Number(((whole % 60) + fraction).toPrecision(6)));
  const parts = [
    Math.trunc(whole / 86400),
    Math.trunc((whole % 86400) / 3600),
    Math.trunc((whole % 3600) / 60),
  ] as const;
  const sign = secs < 0 ? '-' : '';
  if (parts[0] > 0) return `${sign}${parts[0]}+${two(parts[1])}:${two(parts[2])}:${seconds}`;
  if (parts[1] > 0) return `${sign}${two(parts[1])}:${two(parts[2])}:${seconds}`;
  if (parts[2] > 0) return `${sign}${two(parts[2])}:${seconds}`;
  return `${sign}${seconds}`;
}
