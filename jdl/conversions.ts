/**
 * Values to other types: what int(), real(), string() and every function that takes "anything" do.
 * Source: HTCondor, src/classad/value.cpp (convertValueTo…).
 */
import { unparse } from './printer.js';
import { formatAbsTime, formatRelTime } from './times.js';
import { AbsTime, ERROR, RelTime, truncateToInteger, UNDEFINED, type Value, wrap64 } from './value.js';

const LEADING_NUMBER =
  /^[\t-\r ]*([+-]?)(?:(0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?)|((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(inf(?:inity)?)|(nan))/i;
const FACTORS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** The number at the beginning of a text, as strtod reads it, and what follows it. */
export function leadingNumber(text: string): { value: number; rest: string } | undefined {
  const found = LEADING_NUMBER.exec(text);
  if (found === null) return undefined;
  const [all, sign, hex, decimal, infinity] = found;
  const magnitude =
    hex !== undefined
      ? hexReal(hex)
      : decimal !== undefined
        ? Number(decimal)
        : infinity !== undefined
          ? Number.POSITIVE_INFINITY
          : Number.NaN;
  return { value: sign === '-' ? -magnitude : magnitude, rest: text.slice(all.length) };
}

function hexReal(text: string): number {
  const [mantissa = '', exponent = '0'] = text.slice(2).toLowerCase().split('p');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return Number.parseInt(`${whole}${fraction}`, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
}

const factorOf = (rest: string): number => FACTORS[rest.charAt(0).toUpperCase()] ?? 1;

export function toReal(value: Value): number | typeof UNDEFINED | typeof ERROR {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'string': {
      const number = leadingNumber(value);
      return number === undefined ? ERROR : number.value * factorOf(number.rest);
    }
    default:
      if (value === UNDEFINED) return UNDEFINED;
      if (value instanceof AbsTime) return value.secs;
      return value instanceof RelTime ? Math.trunc(value.secs) : ERROR;
  }
}

export function toInteger(value: Value): bigint | typeof UNDEFINED | typeof ERROR {
  switch (typeof value) {
    case 'bigint':
      return value;
    case 'number':
      return truncateToInteger(value);
    case 'boolean':
      return value ? 1n : 0n;
    case 'string': {
      const number = leadingNumber(value);
      if (number === undefined) return ERROR;
      const factor = factorOf(number.rest);
      const whole = truncateToInteger(number.value);
      return factor === 1 ? whole : truncateToInteger(Number(wrap64(whole)) * factor);
    }
    default:
      if (value === UNDEFINED) return UNDEFINED;
      if (value instanceof AbsTime) return BigInt(value.secs);
      return value instanceof RelTime ? truncateToInteger(value.secs) : ERROR;
  }
}

/** Times lose their fraction here; lists and ads are printed, not evaluated. */
export function toText(value: Value): string | typeof UNDEFINED | typeof ERROR {
  if (typeof value === 'string' || value === UNDEFINED || value === ERROR) return value;
  if (value instanceof AbsTime) return formatAbsTime(value);
  if (value instanceof RelTime) return formatRelTime(Math.trunc(value.secs));
  return unparse(value);
}
