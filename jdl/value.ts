/**
 * What a ClassAd expression can be worth.
 *
 * Integers are bigint (64 bits), reals are number, and undefined and error are values of their own, not JavaScript's.
 * Lists and ads are their expressions: members are evaluated when somebody looks at them.
 * Source: HTCondor manual, "ClassAd Mechanism: ClassAd Syntax".
 */
import type { ClassAd, ListExpr } from './expression.js';

export const UNDEFINED: unique symbol = Symbol('undefined');
export const ERROR: unique symbol = Symbol('error');

/** An instant: seconds since 1970 UTC, and the offset east of Greenwich, in seconds, in which it is to be shown. */
export class AbsTime {
  constructor(
    readonly secs: number,
    readonly offset: number,
  ) {}
}

/** A span of time, in seconds, with fraction and sign. */
export class RelTime {
  constructor(readonly secs: number) {}
}

export type Value =
  | boolean
  | bigint
  | number
  | string
  | typeof UNDEFINED
  | typeof ERROR
  | AbsTime
  | RelTime
  | ListExpr
  | ClassAd;

export const wrap64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** Real to 64-bit integer as C does it on our machines: towards zero; what does not fit is the smallest integer. */
export function truncateToInteger(real: number): bigint {
  if (Number.isNaN(real) || real >= 2 ** 63 || real < -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(real));
}

/** Real to 32-bit integer as C does it on our machines: what does not fit is the smallest. */
export function truncateToInt32(real: number): number {
  return real > -(2 ** 31) - 1 && real < 2 ** 31 ? Math.trunc(real) + 0 : -(2 ** 31);
}

/** Booleans and numbers can be asked "true or false?"; everything else answers undefined. */
export function truth(value: Value): boolean | undefined {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0; // NaN counts as true, as in C
    default:
      return undefined;
  }
}
