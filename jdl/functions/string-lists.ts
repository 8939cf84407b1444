/**
 * Lists in one string, "a, b, c", and the functions that cut strings into real lists.
 * Every character of a delimiter string delimits; items are trimmed, empty ones do not count.
 * Source: HTCondor manual; src/condor_utils/compat_classad.cpp.
 */
import { leadingNumber } from '../conversions.js';
import { ListExpr, Literal } from '../expression.js';
import { foldCase } from '../operators.js';
import { ERROR, truncateToInteger, UNDEFINED, type Value } from '../value.js';
import { exceptional, type FunctionTable, type StrictFunction, strict } from './definition.js';

const DEFAULT_DELIMITERS = ', ';
const isText = (value: Value | undefined): value is string => typeof value === 'string';

export function stringListItems(list: string, delimiters: string): string[] {
  const items: string[] = [];
  let item = '';
  for (const c of list) {
    if (!delimiters.includes(c)) item += c;
    else {
      items.push(item.trim());
      item = '';
    }
  }
  items.push(item.trim());
  return items.filter((each) => each !== '');
}

/** Items of the first argument by the delimiters of the second; error where either is no string. */
const onItems =
  (run: (items: readonly string[]) => Value): StrictFunction =>
  ([list, delimiters = DEFAULT_DELIMITERS]) =>
    isText(list) && isText(delimiters) ? run(stringListItems(list, delimiters)) : ERROR;

/** A summary of numbers: an integer if all items look like integers, a real otherwise. */
const summary = (empty: Value, combine: (numbers: readonly number[]) => number): StrictFunction =>
  onItems((items) => {
    if (items.length === 0) return empty;
    const numbers = items.map((item) => leadingNumber(item)?.value);
    if (!numbers.every((number) => number !== undefined)) return ERROR;
    const result = combine(numbers);
    return items.every((item) => /^[+\-0-9]+$/.test(item)) ? truncateToInteger(result) : result;
  });

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Membership and subsets; undefined counts as an empty string unless both are undefined. */
const contained =
  (
    fold: (text: string) => string,
    test: (wanted: string, delimiters: string, items: ReadonlySet<string>) => boolean,
  ): StrictFunction =>
  ([wanted, list, delimiters = ', \t\r\n']) => {
    const given: readonly (Value | undefined)[] = [wanted, list, delimiters];
    if (!given.every((value) => isText(value) || value === UNDEFINED)) return ERROR;
    if (wanted === UNDEFINED && list === UNDEFINED) return UNDEFINED;
    const separators = isText(delimiters) ? delimiters : ', \t\r\n';
    const items = new Set(stringListItems(isText(list) ? fold(list) : '', separators));
    return test(isText(wanted) ? fold(wanted) : '', separators, items);
  };

const isMember = (wanted: string, _delimiters: string, items: ReadonlySet<string>): boolean => items.has(wanted);
const isSubset = (wanted: string, delimiters: string, items: ReadonlySet<string>): boolean =>
  stringListItems(wanted, delimiters).every((item) => items.has(item));
const asIs = (text: string): string => text;

/** Unlike its kin it neither trims nor looks at types twice: the core library's own. */
const intersect: StrictFunction = (args) => {
  const special = exceptional(args);
  if (special !== undefined) return special;
  const [left, right, delimiters = ' ,'] = args;
  if (!isText(left) || !isText(right) || !isText(delimiters)) return ERROR;
  const separators = delimiters === '' ? ' ,' : delimiters;
  const items = (list: string): string[] => {
    const found: string[] = [];
    let item = '';
    for (const c of list) {
      if (!separators.includes(c)) item += c;
      else {
        found.push(item);
        item = '';
      }
    }
    return [...found, item].filter((each) => each !== '');
  };
  const inRight = new Set(items(right));
  return items(left).some((item) => inRight.has(item));
};

const listOf = (items: readonly string[]): ListExpr => new ListExpr(items.map((item) => new Literal(item)));

/** White space around a separator belongs to it; two of the same other separator hold an empty string. */
const split: StrictFunction = ([text, separators = ', \t']) => {
  if (!isText(text) || !isText(separators)) return ERROR;
  const items: string[] = [];
  let start = 0;
  let last = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (!separators.includes(c)) continue;
    if (i > start) items.push(text.slice(start, i));
    else if (c === last && last.trim() !== '') items.push('');
    if (c.trim() !== '') last = c;
    start = i + 1;
  }
  if (start < text.length) items.push(text.slice(start));
  return listOf(items);
};

const splitAtSign =
  (isWholeFirst: boolean): StrictFunction =>
  ([text]) => {
    if (!isText(text)) return ERROR;
    const at = text.indexOf('@');
    if (at === -1) return listOf(isWholeFirst ? [text, ''] : ['', text]);
    return listOf([text.slice(0, at), text.slice(at + 1)]);
  };

export const STRING_LISTS: FunctionTable = {
  stringListSize: strict(
    1,
    2,
    onItems((items) => BigInt(items.length)),
  ),
  stringListSum: strict(1, 2, summary(0, total)),
  stringListAvg: strict(
    1,
    2,
    summary(0, (numbers) => total(numbers) / numbers.length),
  ),
  stringListMin: strict(
    1,
    2,
    summary(UNDEFINED, (numbers) => numbers.reduce((least, number) => Math.min(least, number))),
  ),
  stringListMax: strict(
    1,
    2,
    summary(UNDEFINED, (numbers) => numbers.reduce((most, number) => Math.max(most, number))),
  ),
  stringListMember: strict(2, 3, contained(asIs, isMember)),
  stringListIMember: strict(2, 3, contained(foldCase, isMember)),
  stringListSubsetMatch: strict(2, 3, contained(asIs, isSubset)),
  stringListISubsetMatch: strict(2, 3, contained(foldCase, isSubset)),
  stringListsIntersect: strict(2, 3, intersect),
  split: strict(1, 2, split),
  splitUserName: strict(1, 1, splitAtSign(true)),
  splitSlotName: strict(1, 1, splitAtSign(false)),
};
