/** Conversions and mathematics. Source: HTCondor, src/classad/fnCall.cpp. */
import { toInteger, toReal, toText } from '../conversions.js';
import { ListExpr } from '../expression.js';
import type { Machine } from '../machine.js';
import { power } from '../power.js';
import { ERROR, RelTime, truncateToInteger, UNDEFINED, type Value, wrap64 } from '../value.js';
import { type FunctionTable, type StrictFunction, strict } from './definition.js';

const toBoolean: StrictFunction = ([value]) => {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    case 'string': {
      const word = value.toLowerCase();
      return word === 'true' ? true : word === 'false' ? false : UNDEFINED;
    }
    default:
      if (value === UNDEFINED) return UNDEFINED;
      return value instanceof RelTime ? Math.trunc(value.secs) !== 0 : ERROR;
  }
};

/** Integers stay as they are; anything that has no real value is error. */
const rounding =
  (round: (real: number) => number): StrictFunction =>
  ([value]) => {
    if (typeof value === 'bigint') return value;
    const real = toReal(value!);
    return typeof real === 'number' ? truncateToInteger(round(real)) : ERROR;
  };

/** Halves to the even neighbour, as IEEE's default. */
export function roundHalfToEven(real: number): number {
  const below = Math.floor(real);
  const rest = real - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Integers to a power that is none below zero stay integers, by way of reals as in the reference. */
const pow: StrictFunction = ([base, exponent]) => {
  if (typeof base === 'bigint' && typeof exponent === 'bigint' && exponent >= 0n)
    return truncateToInteger(power(Number(base), Number(exponent)) + 0.5);
  const a = toReal(base!);
  const b = toReal(exponent!);
  return typeof a === 'number' && typeof b === 'number' ? power(a, b) : ERROR;
};

/** The next multiple of a step, or the first number of a list that is not smaller; behind the list, multiples of its last. */
const quantize: StrictFunction = ([value, step], machine) => {
  const real = toReal(value!);
  if (typeof real !== 'number') return ERROR;
  if (!(step instanceof ListExpr)) return toMultiple(value!, real, step!);
  let last: Value = 0;
  for (const item of step.items) {
    last = machine.force(item);
    const candidate = toReal(last);
    if (typeof candidate !== 'number') return ERROR;
    if (candidate >= real) return last;
  }
  return toMultiple(value!, real, last);
};

function toMultiple(value: Value, real: number, step: Value): Value {
  const base = toReal(step);
  if (typeof base !== 'number') return ERROR;
  if (typeof step !== 'bigint') return Math.abs(base) <= 1e-8 ? value : Math.ceil(real / base) * base;
  if (step === 0n) return value;
  if (typeof value === 'bigint') return wrap64((wrap64(value + step - 1n) / step) * step);
  return Math.ceil(real / base) * base;
}

const random: StrictFunction = ([limit = 1], machine: Machine) => {
  if (typeof limit === 'number') return limit > 0 ? limit * machine.surroundings.random() : ERROR;
  if (typeof limit !== 'bigint') return ERROR;
  const most = Number(BigInt.asIntN(32, limit));
  return most > 0 ? BigInt(Math.floor(most * machine.surroundings.random())) : ERROR;
};

const FLOOR = strict(1, 1, rounding(Math.floor));
const CEILING = strict(1, 1, rounding(Math.ceil));

export const NUMBERS: FunctionTable = {
  int: strict(1, 1, ([value]) => toInteger(value!)),
  real: strict(1, 1, ([value]) => toReal(value!)),
  string: strict(1, 1, ([value]) => toText(value!)),
  bool: strict(1, 1, toBoolean),
  floor: FLOOR,
  ceil: CEILING,
  ceiling: CEILING,
  round: strict(1, 1, rounding(roundHalfToEven)),
  pow: strict(2, 2, pow),
  quantize: strict(2, 2, quantize),
  random: strict(0, 1, random),
};
