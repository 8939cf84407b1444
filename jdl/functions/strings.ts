/** Strings: strcat, join, substr, letter case, comparison, conversion. Source: HTCondor, src/classad/fnCall.cpp. */
import { toText } from '../conversions.js';
import { asItem, type Expr, ListExpr } from '../expression.js';
import { compareText, foldCase } from '../operators.js';
import { sliceBytes, utf8Length } from '../text-bytes.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, LONGEST_TEXT, type StrictFunction, strict } from './definition.js';

/** Everything is made text; one undefined makes the whole undefined. */
const strcat: StrictFunction = (args) => {
  let result = '';
  for (const arg of args) {
    const text = toText(arg);
    if (text === UNDEFINED || text === ERROR) return text;
    result += text;
    if (result.length > LONGEST_TEXT) return ERROR;
  }
  return result;
};

/** join(separator, …), join(separator, list), join(list): what is undefined is left out, and all of it only if nothing is there. */
const join: StrictFunction = (args, machine) => {
  const last = args.at(-1);
  const list = args.length <= 2 && last instanceof ListExpr ? last : undefined;
  const separator: Value = list !== undefined && args.length === 1 ? '' : (args[0] ?? '');
  const items: readonly Expr[] = list !== undefined ? list.items : args.slice(1).map(asItem);
  let between: string | undefined;
  let hasUndefined = false;
  let hasDefined = false;
  let result = '';
  for (const [i, item] of [asItem(separator), ...items].entries()) {
    const text = toText(machine.force(item));
    if (text === ERROR) return ERROR;
    if (text === UNDEFINED) {
      hasUndefined = true;
      continue;
    }
    if (i === 0) {
      between = text;
      continue;
    }
    if (result !== '') result += between ?? '';
    result += text;
    hasDefined = true;
    if (result.length > LONGEST_TEXT) return ERROR;
  }
  return hasUndefined && !hasDefined ? UNDEFINED : result;
};

const changeCase =
  (letters: RegExp, change: (text: string) => string): StrictFunction =>
  ([value]) => {
    const text = toText(value!);
    return typeof text === 'string' ? text.replace(letters, change) : text;
  };

/** Perl's substr in bytes: negative offsets and lengths count from the end; a length of 0 gives nothing. */
const substr: StrictFunction = (args) => {
  if (args.includes(UNDEFINED)) return UNDEFINED;
  const [text, offset, length] = args;
  if (typeof text !== 'string' || typeof offset !== 'bigint' || (length !== undefined && typeof length !== 'bigint'))
    return ERROR;
  const total = utf8Length(text);
  const asked = Number(BigInt.asIntN(32, offset));
  const first = asked < 0 ? Math.max(0, total + asked) : Math.min(asked, total);
  if (length === undefined) return sliceBytes(text, first, total);
  const count = Number(BigInt.asIntN(32, length));
  return sliceBytes(text, first, count <= 0 ? Math.max(first, count === 0 ? first : total + count) : first + count);
};

const comparison =
  (prepare: (text: string) => string): StrictFunction =>
  (args) => {
    if (args.includes(UNDEFINED)) return UNDEFINED;
    const left = toText(args[0]!);
    const right = toText(args[1]!);
    if (typeof left !== 'string' || typeof right !== 'string') return ERROR;
    return BigInt(Math.sign(compareText(prepare(left), prepare(right))));
  };

export const STRINGS: FunctionTable = {
  strcat: strict(0, Number.POSITIVE_INFINITY, strcat),
  join: strict(0, Number.POSITIVE_INFINITY, join),
  substr: strict(2, 3, substr),
  toUpper: strict(
    1,
    1,
    changeCase(/[a-z]+/g, (text) => text.toUpperCase()),
  ),
  toLower: strict(
    1,
    1,
    changeCase(/[A-Z]+/g, (text) => text.toLowerCase()),
  ),
  strcmp: strict(
    2,
    2,
    comparison((text) => text),
  ),
  stricmp: strict(2, 2, comparison(foldCase)),
};
