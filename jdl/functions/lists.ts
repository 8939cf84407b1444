/** Functions over lists: membership, sums, bounds, comparison of all or any. Source: HTCondor, src/classad/fnCall.cpp. */
import { ClassAd, ListExpr } from '../expression.js';
import type { Machine } from '../machine.js';
import { applyBinary, calculate, compare } from '../operators.js';
import { utf8Length } from '../text-bytes.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, type StrictFunction, strict } from './definition.js';

type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>' | 'is' | 'isnt';
const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['<', '<=', '==', '!=', '>=', '>', 'is', 'isnt']);
const isComparison = (text: Value): text is Comparison => typeof text === 'string' && COMPARISONS.has(text);
const isNumber = (value: Value): value is number | bigint | boolean =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

/** member(element, list), and AliEn's member(list, element): whichever argument is the list. */
const member =
  (operator: '==' | 'is'): StrictFunction =>
  ([first, second], machine) => {
    const isAliens = operator === '==' && first instanceof ListExpr && !(second instanceof ListExpr);
    const wanted: Value = isAliens ? second! : first!;
    const list: Value = isAliens ? first : second!;
    if (list === UNDEFINED || (operator === '==' && wanted === UNDEFINED)) return UNDEFINED;
    if (!(list instanceof ListExpr) || wanted instanceof ListExpr || wanted instanceof ClassAd) return ERROR;
    if (operator === '==' && wanted === ERROR) return ERROR;
    machine.spend(list.items.length);
    return list.items.some((item) => applyBinary(operator, machine.force(item), wanted) === true);
  };

const size: StrictFunction = ([value]) => {
  if (value === UNDEFINED) return UNDEFINED;
  if (typeof value === 'string') return BigInt(utf8Length(value));
  if (value instanceof ListExpr) return BigInt(value.items.length);
  return value instanceof ClassAd ? BigInt(value.size) : ERROR;
};

/** The numbers of a list, those that are undefined left out; undefined or error where it is no list of numbers. */
function numbersOf(list: Value, machine: Machine): Value[] | typeof UNDEFINED | typeof ERROR {
  if (list === UNDEFINED) return UNDEFINED;
  if (!(list instanceof ListExpr)) return ERROR;
  machine.spend(list.items.length);
  const values = list.items.map((item) => machine.force(item)).filter((value) => value !== UNDEFINED);
  return values.every(isNumber) ? values : ERROR;
}

/** The sum of nothing is 0; a single boolean stays one. */
const sum: StrictFunction = ([list], machine) => {
  const numbers = numbersOf(list!, machine);
  if (!Array.isArray(numbers)) return numbers;
  return numbers.length === 0 ? 0n : numbers.reduce((total, value) => calculate('+', total, value));
};

/** The average of nothing is the integer 0. */
const average: StrictFunction = ([list], machine) => {
  const numbers = numbersOf(list!, machine);
  if (!Array.isArray(numbers)) return numbers;
  if (numbers.length === 0) return 0n;
  return calculate(
    '/',
    numbers.reduce((total, value) => calculate('+', total, value)),
    numbers.length,
  );
};

/** Comparing makes both alike: a real beside an integer makes it one, and booleans become integers. */
const bound =
  (better: '<' | '>'): StrictFunction =>
  ([list], machine) => {
    const numbers = numbersOf(list!, machine);
    if (!Array.isArray(numbers)) return numbers;
    if (numbers.length === 0) return UNDEFINED;
    return numbers.reduce((best, value) => {
      const [a, b] = alike(value, best);
      return compare(better, a, b) === true ? a : b;
    });
  };

function alike(a: Value, b: Value): [Value, Value] {
  const isReal = typeof a === 'number' || typeof b === 'number';
  const promoted = (value: Value): Value =>
    isReal ? Number(value) : typeof value === 'boolean' ? BigInt(value) : value;
  return [promoted(a), promoted(b)];
}

/** An undefined comparison ends the search: anyCompare is then what it was, allCompare false. */
const compareEach =
  (needsAll: boolean): StrictFunction =>
  ([operator, list, wanted], machine) => {
    if (operator === UNDEFINED) return UNDEFINED;
    if (!isComparison(operator!)) return ERROR;
    if (list === UNDEFINED) return UNDEFINED;
    if (!(list instanceof ListExpr)) return ERROR;
    machine.spend(list.items.length);
    for (const item of list.items) {
      const result = applyBinary(operator, machine.force(item), wanted!);
      if (result === UNDEFINED) return false;
      if (typeof result !== 'boolean') return ERROR;
      if (result !== needsAll) return !needsAll;
    }
    return needsAll;
  };

export const LISTS: FunctionTable = {
  member: strict(2, 2, member('==')),
  identicalMember: strict(2, 2, member('is')),
  size: strict(1, 1, size),
  sum: strict(1, 1, sum),
  avg: strict(1, 1, average),
  min: strict(1, 1, bound('<')),
  max: strict(1, 1, bound('>')),
  anyCompare: strict(3, 3, compareEach(false)),
  allCompare: strict(3, 3, compareEach(true)),
};
