/** regexp() and its kin. Source: HTCondor manual; src/classad/fnCall.cpp (regexp_helper). */
import { ListExpr } from '../expression.js';
import type { Machine } from '../machine.js';
import { Pattern, PatternError } from '../regular-expression.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';
import { exceptional, type FunctionDefinition, type FunctionTable, LONGEST_TEXT } from './definition.js';
import { stringListItems } from './string-lists.js';

/** The pattern of a call, or undefined where it is malformed; a call site keeps the last one, which is mostly the only one. */
type Compiler = (pattern: string, options: string) => Pattern | undefined;

function rememberingCompiler(): Compiler {
  let key: string | undefined;
  let last: Pattern | undefined;
  return (pattern, options) => {
    const wanted = `${options}/${pattern}`;
    if (wanted !== key) {
      key = wanted;
      last = patternOrUndefined(pattern, options);
    }
    return last;
  };
}

function patternOrUndefined(pattern: string, options: string): Pattern | undefined {
  try {
    return new Pattern(pattern, options);
  } catch (error) {
    if (error instanceof PatternError) return undefined; // its value is error; `proof jdl check` says why
    throw error;
  }
}

const perCall = (
  min: number,
  max: number,
  run: (args: readonly Value[], compile: Compiler, machine: Machine) => Value,
): FunctionDefinition => ({
  how: 'perCall',
  min,
  max,
  make: () => {
    const compile = rememberingCompiler();
    return (args, machine) => run(args, compile, machine);
  },
});

const isText = (value: Value | undefined): value is string => typeof value === 'string';

function regexp(args: readonly Value[], compile: Compiler, machine: Machine): Value {
  const special = exceptional(args);
  if (special !== undefined) return special;
  const [pattern, target, options = ''] = args;
  if (!isText(pattern) || !isText(target) || !isText(options)) return ERROR;
  machine.spend(target.length >> 4);
  return compile(pattern, options)?.test(target) ?? ERROR;
}

/** True at the first that matches; undefined where none does and one is undefined. */
function regexpMember(args: readonly Value[], compile: Compiler, machine: Machine): Value {
  const special = exceptional(args);
  if (special !== undefined) return special;
  const [pattern, list, options = ''] = args;
  if (!isText(pattern) || !(list instanceof ListExpr) || !isText(options)) return ERROR;
  const compiled = compile(pattern, options);
  let hasUndefined = false;
  for (const item of list.items) {
    const target = machine.force(item);
    if (target === UNDEFINED) hasUndefined = true;
    else if (!isText(target)) return ERROR;
    else if (compiled?.test(target)) return true;
    machine.spend(isText(target) ? 1 + (target.length >> 4) : 1);
  }
  return hasUndefined ? UNDEFINED : false; // a malformed pattern matches nothing here, as in the reference
}

const substitution =
  (always: string) =>
  (args: readonly Value[], compile: Compiler, machine: Machine): Value => {
    const special = exceptional(args);
    if (special !== undefined) return special;
    const [pattern, target, replacement, options = ''] = args;
    if (!isText(pattern) || !isText(target) || !isText(replacement) || !isText(options)) return ERROR;
    const compiled = compile(pattern, options + always);
    if (compiled === undefined) return ERROR;
    return substitute(compiled, target, { replacement, options: options + always, machine });
  };

/** f keeps the text around the matches, g replaces them all; without f only the replacements are the answer. */
function substitute(
  pattern: Pattern,
  target: string,
  { replacement, options, machine }: { replacement: string; options: string; machine: Machine },
): Value {
  const keepsAll = options.includes('f');
  let out = '';
  let from = 0;
  for (let searchFrom = 0; searchFrom <= target.length; ) {
    const match = pattern.find(target, searchFrom);
    if (match === undefined) break;
    machine.spend(1 + ((match.end - searchFrom) >> 4));
    const expanded = expand(replacement, match.groups);
    if (expanded === undefined) return ERROR;
    // Behind an empty match the reference copies the character that it steps over, with or without f.
    const between = target.slice(from, match.first);
    out += keepsAll ? between : between.slice(0, searchFrom - from);
    out += expanded;
    if (out.length > LONGEST_TEXT) return ERROR;
    from = match.end;
    searchFrom = match.end === match.first ? match.end + 1 : match.end;
    if (!options.includes('g')) return keepsAll ? out + target.slice(from) : out;
    if (searchFrom > target.length) return ERROR; // the reference runs over the end behind an empty match there
  }
  return keepsAll ? out + target.slice(from) : out;
}

/** \0 to \9 are groups, one behind the last that took part is an error; any other backslash is itself. */
function expand(replacement: string, groups: readonly (string | null)[]): string | undefined {
  const known = groups.findLastIndex((group) => group !== null) + 1;
  let isBad = false;
  const text = replacement.replace(/\\([0-9])/g, (_, digit: string) => {
    if (Number(digit) >= known) isBad = true;
    return groups[Number(digit)] ?? '';
  });
  return isBad ? undefined : text;
}

/** Arguments: pattern, list, delimiters, options; the list of no items is undefined. */
function stringListRegexpMember(args: readonly Value[], compile: Compiler, machine: Machine): Value {
  const [pattern, list, delimiters = ', ', options = ''] = args;
  if (!isText(pattern) || !isText(list) || !isText(delimiters) || !isText(options)) return ERROR;
  const compiled = compile(pattern, options.toLowerCase());
  if (compiled === undefined) return ERROR;
  const items = stringListItems(list, delimiters);
  machine.spend(list.length >> 4);
  return items.length === 0 ? UNDEFINED : items.some((item) => compiled.test(item));
}

export const PATTERNS: FunctionTable = {
  regexp: perCall(2, 3, regexp),
  regexpMember: perCall(2, 3, regexpMember),
  regexps: perCall(3, 4, substitution('')),
  replace: perCall(3, 4, substitution('f')),
  replaceAll: perCall(3, 4, substitution('fg')),
  stringList_regexpMember: perCall(2, 4, stringListRegexpMember),
};
