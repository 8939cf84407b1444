/** Functions of time: the clock is the surroundings'. Source: HTCondor, src/classad/fnCall.cpp. */

import { toInteger } from '../conversions.js';
import { AttributeRef, asItem, ClassAd } from '../expression.js';
import { formatTime } from '../format-time.js';
import type { Machine } from '../machine.js';
import { AbsTime, ERROR, RelTime, truncateToInt32, truncateToInteger, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, type StrictFunction, strict } from './definition.js';

const epoch = (machine: Machine): number => Math.floor(machine.surroundings.now() / 1000);

/** The fields of an instant where we are, as the UTC fields of a shifted date. */
const localDate = (secs: number, machine: Machine): Date =>
  new Date((secs + machine.surroundings.zoneOffset(secs)) * 1000);
/** Beyond this no calendar goes. */
const LAST_SECOND = 8.64e12 - 86_400;
const int32 = (value: bigint): number => Number(BigInt.asIntN(32, value));

const currentTime: StrictFunction = (_args, machine) => {
  const now = epoch(machine);
  return new AbsTime(now, machine.surroundings.zoneOffset(now));
};

const dayTime: StrictFunction = (_args, machine) => {
  const date = localDate(epoch(machine), machine);
  return new RelTime(date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds());
};

/** Fields of absolute times are local, those of relative ones take whole seconds; what the one has not is error. */
const field = (ofDate: ((date: Date) => number) | undefined, ofSpan: ((secs: number) => number) | undefined) =>
  strict(1, 1, ([time], machine) => {
    if (time instanceof AbsTime && ofDate !== undefined && Math.abs(time.secs) <= LAST_SECOND)
      return BigInt(ofDate(localDate(time.secs, machine)));
    if (time instanceof RelTime && ofSpan !== undefined) return truncateToInteger(ofSpan(Math.trunc(time.secs)));
    return ERROR;
  });

function yearDay(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
}

/** An instant given as integer, real or time. */
function instantOf(value: Value, machine: Machine): AbsTime | undefined {
  if (value instanceof AbsTime) return Math.abs(value.secs) <= LAST_SECOND ? value : undefined;
  if (typeof value !== 'bigint' && typeof value !== 'number') return undefined;
  const secs = typeof value === 'bigint' ? Number(value) : truncateToInt32(value);
  return Math.abs(secs) <= LAST_SECOND ? new AbsTime(secs, machine.surroundings.zoneOffset(secs)) : undefined;
}

function adOf(attributes: Readonly<Record<string, string | number | bigint>>): ClassAd {
  const ad = new ClassAd();
  for (const [name, value] of Object.entries(attributes))
    ad.set(name, asItem(typeof value === 'number' && name !== 'Seconds' ? BigInt(value) : value));
  return ad;
}

function splitInstant({ secs, offset }: AbsTime): ClassAd {
  const date = new Date((secs + offset) * 1000);
  return adOf({
    Type: 'AbsoluteTime',
    Year: date.getUTCFullYear(),
    Month: date.getUTCMonth() + 1,
    Day: date.getUTCDate(),
    Hours: date.getUTCHours(),
    Minutes: date.getUTCMinutes(),
    Seconds: BigInt(date.getUTCSeconds()),
    Offset: offset,
  });
}

/** The sign of a negative span goes to its first part that is not zero. */
function splitSpan(secs: number): ClassAd {
  const magnitude = Math.abs(secs);
  const whole = Math.trunc(magnitude);
  const parts = [
    Math.trunc(whole / 86400),
    Math.trunc((whole % 86400) / 3600),
    Math.trunc((whole % 3600) / 60),
    (whole % 60) + magnitude - whole,
  ];
  if (secs < 0) {
    const first = parts.findIndex((part, i) => part > 0 || i === 3);
    parts[first] = -parts[first]!;
  }
  const [days, hours, minutes, seconds] = parts;
  return adOf({ Type: 'RelativeTime', Days: days!, Hours: hours!, Minutes: minutes!, Seconds: seconds! });
}

const splitTime: StrictFunction = ([time], machine) => {
  if (time === UNDEFINED) return UNDEFINED;
  if (time instanceof RelTime) return splitSpan(time.secs);
  const instant = instantOf(time!, machine);
  return instant === undefined ? ERROR : splitInstant(instant);
};

/** formatTime([time [, format]]): an instant, or an ad of the form that splitTime gives. */
const format: StrictFunction = (args, machine) => {
  const [time, how = '%c'] = args;
  const offset = machine.surroundings.zoneOffset(epoch(machine));
  const zone = offset === 0 ? 'UTC' : ''; // the names of other zones are not known here
  if (time === undefined) return formatTime('%c', { date: localDate(epoch(machine), machine), offset, zone });
  if (time instanceof ClassAd) {
    const date = dateOfAd(time, machine);
    return typeof how === 'string' ? formatTime(how, { date, offset: 0, zone }) : ERROR;
  }
  const instant = instantOf(time, machine);
  if (instant === undefined || typeof how !== 'string') return ERROR;
  return formatTime(how, { date: new Date((instant.secs + instant.offset) * 1000), offset: instant.offset, zone });
};

function dateOfAd(ad: ClassAd, machine: Machine): Date {
  const part = (name: string, otherwise: number): number => {
    const value = machine.forceIn(new AttributeRef(name, undefined, false), ad);
    return typeof value === 'bigint' ? int32(value) : otherwise;
  };
  const date = new Date(0);
  date.setUTCFullYear(part('Year', 1900), part('Month', 1) - 1, part('Day', 0));
  date.setUTCHours(part('Hours', 0), part('Minutes', 0), part('Seconds', 0));
  return date;
}

/** absTime(): now; absTime(t [, zone]): an instant, where zone is in seconds east of Greenwich. */
const absTime: StrictFunction = (args, machine) => {
  const [time, zone] = args;
  if (time === undefined) return currentTime(args, machine);
  const given = zone === undefined ? undefined : zoneOf(zone);
  if (zone !== undefined && given === undefined) return ERROR;
  // A string literal was read by the parser; one that is worked out passes as it is, for so it does in the reference.
  if (time === UNDEFINED || time instanceof AbsTime || typeof time === 'string') return time;
  const secs = wholeSecondsOf(time);
  if (secs === undefined) return ERROR;
  return new AbsTime(secs, given ?? machine.surroundings.zoneOffset(secs));
};

function wholeSecondsOf(time: Value): number | undefined {
  if (typeof time === 'bigint') return int32(time);
  if (typeof time === 'number') return truncateToInt32(time);
  return time instanceof RelTime ? Math.trunc(time.secs) : undefined;
}

function zoneOf(zone: Value): number | undefined {
  if (typeof zone === 'bigint') return int32(zone);
  if (typeof zone === 'number' || zone instanceof RelTime)
    return truncateToInt32(typeof zone === 'number' ? zone : zone.secs);
  return undefined;
}

const relTime: StrictFunction = ([time]) => {
  if (time === UNDEFINED || time instanceof RelTime) return time;
  if (typeof time === 'string') return new RelTime(0); // as in absTime: only literals are read
  if (typeof time === 'bigint') return new RelTime(int32(time));
  if (typeof time === 'number') return new RelTime(time);
  return time instanceof AbsTime ? new RelTime(time.secs) : ERROR;
};

/** Seconds as days+hh:mm:ss, leading parts that are zero left out. */
const interval: StrictFunction = ([value]) => {
  const integer = toInteger(value!);
  if (typeof integer !== 'bigint') return ERROR;
  const secs = int32(integer);
  const parts = [
    Math.trunc(secs / 86400),
    Math.trunc((secs % 86400) / 3600),
    Math.trunc((secs % 3600) / 60),
    secs % 60,
  ];
  const first = Math.min(parts.findIndex((part) => part !== 0) === -1 ? 3 : parts.findIndex((part) => part !== 0), 3);
  const shown = parts.slice(first).map((part, i) => (i === 0 ? String(part) : String(Math.abs(part)).padStart(2, '0')));
  return first === 0 ? `${shown[0]}+${shown.slice(1).join(':')}` : shown.join(':');
};

export const CLOCK: FunctionTable = {
  time: strict(0, 0, (_args, machine) => BigInt(epoch(machine))),
  currentTime: strict(0, 0, currentTime),
  timeZoneOffset: strict(0, 0, (_args, machine) => new RelTime(machine.surroundings.zoneOffset(epoch(machine)))),
  dayTime: strict(0, 0, dayTime),
  getYear: field((date) => date.getUTCFullYear(), undefined),
  getMonth: field((date) => date.getUTCMonth() + 1, undefined),
  getDayOfYear: field(yearDay, undefined),
  getDayOfMonth: field((date) => date.getUTCDate(), undefined),
  getDayOfWeek: field((date) => date.getUTCDay(), undefined),
  getDays: field(undefined, (secs) => secs / 86400),
  getHours: field(
    (date) => date.getUTCHours(),
    (secs) => (secs % 86400) / 3600,
  ),
  getMinutes: field(
    (date) => date.getUTCMinutes(),
    (secs) => (secs % 3600) / 60,
  ),
  getSeconds: field(
    (date) => date.getUTCSeconds(),
    (secs) => secs % 60,
  ),
  splitTime: strict(1, 1, splitTime),
  formatTime: strict(0, 2, format),
  absTime: strict(0, 2, absTime),
  relTime: strict(1, 1, relTime),
  interval: strict(1, 1, interval),
};
