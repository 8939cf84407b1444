/**
 * The operators on values, short-circuits excepted: those are jumps of the compiler.
 *
 * Strict operators pass error before undefined. Booleans count as 0 and 1 in sums and order; strings compare without letter case,
 * except in `is` and `isnt`, which never give undefined or error.
 * Source: HTCondor, src/classad/operators.cpp; the odd rules are marked.
 */
import type { BinaryOperator, UnaryOperator } from './expression.js';
import { AbsTime, ERROR, RelTime, truncateToInt32, truth, UNDEFINED, type Value, wrap64 } from './value.js';

type Arithmetic = '+' | '-' | '*' | '/' | '%';
type Order = '<' | '<=' | '==' | '!=' | '>=' | '>';
type Bitwise = '&' | '|' | '^' | '<<' | '>>' | '>>>';

export function applyUnary(operator: UnaryOperator, value: Value): Value {
  if (value === ERROR || value === UNDEFINED) return value;
  switch (operator) {
    case '!': {
      const isTrue = truth(value);
      return isTrue === undefined ? ERROR : !isTrue;
    }
    case '-':
      if (typeof value === 'bigint') return wrap64(-value);
      if (typeof value === 'number') return -value;
      return value instanceof RelTime ? new RelTime(-value.secs) : ERROR;
    case '+':
      return typeof value === 'bigint' || typeof value === 'number' || value instanceof RelTime ? value : ERROR;
    case '~':
      return typeof value === 'bigint' ? ~value : ERROR;
  }
}

export function applyBinary(operator: Exclude<BinaryOperator, '&&' | '||' | '[]'>, left: Value, right: Value): Value {
  if (operator === 'is') return isSame(left, right);
  if (operator === 'isnt') return negated(isSame(left, right));
  if (left === ERROR || right === ERROR) return ERROR;
  if (left === UNDEFINED || right === UNDEFINED) return UNDEFINED;
  switch (operator) {
    case '<':
    case '<=':
    case '==':
    case '!=':
    case '>=':
    case '>':
      return compare(operator, left, right);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return calculate(operator, left, right);
    default:
      return shiftAndMask(operator, left, right);
  }
}

/** A function of two values for an operator; comparisons of integers, by far the most frequent, first. */
export function binaryFunction(
  operator: Exclude<BinaryOperator, '&&' | '||' | '[]'>,
): (left: Value, right: Value) => Value {
  const general = (left: Value, right: Value): Value => applyBinary(operator, left, right);
  const ofIntegers = INTEGER_COMPARISONS[operator];
  if (ofIntegers === undefined) return general;
  return (left, right) =>
    typeof left === 'bigint' && typeof right === 'bigint' ? ofIntegers(left, right) : general(left, right);
}

const INTEGER_COMPARISONS: Readonly<Record<string, (left: bigint, right: bigint) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>=': (left, right) => left >= right,
  '>': (left, right) => left > right,
};

const negated = (value: boolean | typeof ERROR): Value => (value === ERROR ? ERROR : !value);

/** `is`: same type and same value; lists and ads cannot be compared. */
export function isSame(left: Value, right: Value): boolean | typeof ERROR {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right;
  if (left instanceof AbsTime)
    return right instanceof AbsTime && left.secs === right.secs && left.offset === right.offset;
  if (left instanceof RelTime) return right instanceof RelTime && left.secs === right.secs;
  if (right instanceof AbsTime || right instanceof RelTime || left.kind !== right.kind) return false;
  return ERROR;
}

/** ASCII letters only, as strcasecmp in the C locale. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()) : text;
}

export function equalsIgnoringCase(left: string, right: string): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b && ((a ^ b) !== 32 || (a | 32) < 97 || (a | 32) > 122)) return false;
  }
  return true;
}

/** By bytes of UTF-8, which is by code points; JavaScript's own order differs beyond U+FFFF. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a === b) continue;
    const aIsHigh = a >= 0xd800 && a <= 0xdfff;
    const bIsHigh = b >= 0xd800 && b <= 0xdfff;
    return aIsHigh === bIsHigh ? a - b : aIsHigh ? 1 : -1;
  }
  return left.length - right.length;
}

function ordered(operator: Order, difference: number): boolean {
  switch (operator) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '==':
      return difference === 0;
    case '!=':
      return difference !== 0;
    case '>=':
      return difference >= 0;
    case '>':
      return difference > 0;
  }
}

/** NaN is unequal to everything and in no order. */
function orderedReals(operator: Order, left: number, right: number): boolean {
  if (Number.isNaN(left) || Number.isNaN(right)) return operator === '!=';
  return ordered(operator, left < right ? -1 : left > right ? 1 : 0);
}

export function compare(operator: Order, left: Value, right: Value): Value {
  if (typeof left === 'string' && typeof right === 'string') {
    if (operator === '==') return equalsIgnoringCase(left, right);
    if (operator === '!=') return !equalsIgnoringCase(left, right);
    return ordered(operator, compareText(foldCase(left), foldCase(right)));
  }
  if (left instanceof AbsTime) return right instanceof AbsTime ? ordered(operator, left.secs - right.secs) : ERROR;
  if (left instanceof RelTime) return right instanceof RelTime ? orderedReals(operator, left.secs, right.secs) : ERROR;
  const a = numeric(left);
  const b = numeric(right);
  if (a === undefined || b === undefined) return ERROR;
  if (typeof a === 'bigint' && typeof b === 'bigint') return ordered(operator, a < b ? -1 : a > b ? 1 : 0);
  return orderedReals(operator, Number(a), Number(b));
}

/** Numbers as they are, booleans as 0 and 1. */
function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return undefined;
}

export function calculate(operator: Arithmetic, left: Value, right: Value): Value {
  if (left instanceof AbsTime || left instanceof RelTime || right instanceof AbsTime || right instanceof RelTime)
    return calculateTime(operator, left, right);
  const a = numeric(left);
  const b = numeric(right);
  if (a === undefined || b === undefined) return ERROR;
  if (typeof a === 'bigint' && typeof b === 'bigint') return calculateIntegers(operator, a, b);
  return calculateReals(operator, Number(a), Number(b));
}

const SMALLEST = -(2n ** 63n);

function calculateIntegers(operator: Arithmetic, a: bigint, b: bigint): Value {
  switch (operator) {
    case '+':
      return wrap64(a + b);
    case '-':
      return wrap64(a - b);
    case '*':
      return wrap64(a * b);
    case '/':
      if (b === 0n) return ERROR;
      return a === SMALLEST && b === -1n ? 2n ** 63n - 1n : a / b; // the one quotient that does not fit: the nearest
    case '%':
      return b === 0n ? ERROR : a % b;
  }
}

/** Plus infinity is an error, minus infinity and NaN are not: odd, but so is the reference. */
function calculateReals(operator: Arithmetic, a: number, b: number): Value {
  const result = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b;
  return operator === '%' || result === Number.POSITIVE_INFINITY ? ERROR : result;
}

function calculateTime(operator: Arithmetic, left: Value, right: Value): Value {
  const shift = (time: AbsTime, by: number): AbsTime => new AbsTime(time.secs + by, time.offset);
  if (left instanceof AbsTime) {
    if (right instanceof RelTime && operator === '+') return shift(left, truncateToInt32(right.secs));
    if (right instanceof RelTime && operator === '-') return shift(left, -truncateToInt32(right.secs));
    return right instanceof AbsTime && operator === '-' ? new RelTime(left.secs - right.secs) : ERROR;
  }
  if (left instanceof RelTime) {
    if (right instanceof AbsTime) return operator === '+' ? shift(right, truncateToInt32(left.secs)) : ERROR;
    if (right instanceof RelTime) {
      if (operator === '+') return new RelTime(left.secs + right.secs);
      return operator === '-' ? new RelTime(left.secs - right.secs) : ERROR;
    }
    if (typeof right !== 'bigint' && typeof right !== 'number') return ERROR;
    if (operator === '*') return new RelTime(left.secs * Number(right));
    return operator === '/' ? new RelTime(left.secs / Number(right)) : ERROR;
  }
  if (right instanceof RelTime && operator === '*' && (typeof left === 'bigint' || typeof left === 'number'))
    return new RelTime(Number(left) * right.secs);
  return ERROR;
}

/** Shifts take the count modulo 64, as the processors do on which the reference runs. */
function shiftAndMask(operator: Bitwise, left: Value, right: Value): Value {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return ERROR;
  const count = right & 63n;
  switch (operator) {
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return wrap64(left << count);
    case '>>':
      return left >> (left >= 0n ? count : right < 0n ? 0n : right < 64n ? right : 64n);
    case '>>>': // by one, then by the rest: a negative number shifted by nothing is 0, odd as in the reference
      return left >= 0n ? left >> count : (BigInt.asUintN(64, left) >> 1n) >> ((count - 1n) & 63n);
  }
}

/** The second half of `a && b`, where a was neither false nor error. */
export function applyAnd(left: Value, right: Value): Value {
  const a = logical(left);
  const b = logical(right);
  if (a === ERROR || b === ERROR) return ERROR;
  if (a === true) return b;
  return b === false ? false : UNDEFINED; // a is undefined
}

/** The second half of `a || b`, where a was neither true nor error. */
export function applyOr(left: Value, right: Value): Value {
  const a = logical(left);
  const b = logical(right);
  if (a === ERROR || b === ERROR) return ERROR;
  if (a === false) return b;
  return b === true ? true : UNDEFINED;
}

function logical(value: Value): boolean | typeof UNDEFINED | typeof ERROR {
  if (value === UNDEFINED) return UNDEFINED;
  return truth(value) ?? ERROR;
}
