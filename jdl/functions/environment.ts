/**
 * Environments and argument lists in HTCondor's two syntaxes, and user names.
 * New syntax: words apart by white space, single quotes around what holds some, two of them for one. Old: words by white space, without
 * quotes; variables by semicolons. Source: HTCondor manual, condor_submit, "arguments" and "environment".
 */
import { ListExpr, Literal } from '../expression.js';
import type { Machine } from '../machine.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, type StrictFunction, strict } from './definition.js';

/** @returns undefined where a quote is not closed */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (/[ \t\n\r]/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === "'") {
      const end = closingQuote(text, i + 1);
      if (end === -1) return undefined;
      word = (word ?? '') + text.slice(i + 1, end).replaceAll("''", "'");
      i = end;
    } else word = (word ?? '') + c;
  }
  return word === undefined ? words : [...words, word];
}

function closingQuote(text: string, from: number): number {
  for (let end = text.indexOf("'", from); end !== -1; end = text.indexOf("'", end + 2))
    if (text.charAt(end + 1) !== "'") return end;
  return -1;
}

/** Only the characters that need it stand in quotes, as the reference writes them. */
function quoteWord(word: string): string {
  if (word === '') return "''";
  return word.replace(/[ \t\n\r']+/g, (special) => `'${special.replaceAll("'", "''")}'`);
}

const joinWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');

/** @returns whether every entry is NAME=value */
function addVariables(variables: Map<string, string>, entries: readonly string[]): boolean {
  return entries.every((entry) => {
    const at = entry.indexOf('=');
    if (at > 0) variables.set(entry.slice(0, at), entry.slice(at + 1));
    return at > 0;
  });
}

function printVariables(variables: ReadonlyMap<string, string>): string {
  const sorted = [...variables].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return joinWords(sorted.map(([name, value]) => `${name}=${value}`));
}

const envV1ToV2: StrictFunction = ([old]) => {
  if (old === UNDEFINED) return UNDEFINED;
  if (typeof old !== 'string') return ERROR;
  const own = /^[;|]/.exec(old)?.[0];
  const entries = (own === undefined ? old : old.slice(1)).split(own === '|' ? /[|\n]/ : /[;\n]/);
  const variables = new Map<string, string>();
  const named = entries.map((entry) => entry.trimStart()).filter((entry) => entry !== '');
  return addVariables(variables, named) ? printVariables(variables) : ERROR;
};

const mergeEnvironment: StrictFunction = (args) => {
  const variables = new Map<string, string>();
  for (const arg of args) {
    if (arg === UNDEFINED) continue;
    const entries = typeof arg === 'string' ? splitWords(arg) : undefined;
    if (entries === undefined || !addVariables(variables, entries)) return ERROR;
  }
  return printVariables(variables);
};

const isVersion = (value: Value): value is 1n | 2n => value === 1n || value === 2n;

const argsToList: StrictFunction = ([text, version = 2n]) => {
  if (typeof text !== 'string' || !isVersion(version)) return ERROR;
  const words = version === 2n ? splitWords(text) : text.split(/[ \t\n\r]+/).filter((word) => word !== '');
  return words === undefined ? ERROR : new ListExpr(words.map((word) => new Literal(word)));
};

const listToArgs: StrictFunction = ([list, version = 2n], machine: Machine) => {
  if (!(list instanceof ListExpr) || !isVersion(version)) return ERROR;
  const words = list.items.map((item) => machine.force(item));
  if (!words.every((word) => typeof word === 'string')) return ERROR;
  if (version === 2n) return joinWords(words);
  return words.every((word) => word !== '' && !/[ \t\n\r]/.test(word)) ? words.join(' ') : ERROR;
};

/** Homes are asked of the surroundings, which rarely tell; then the default counts. */
const userHome: StrictFunction = ([user, otherwise], machine) => {
  const home = typeof user === 'string' ? machine.surroundings.home?.(user) : undefined;
  if (home !== undefined) return home;
  if (typeof otherwise === 'string' && otherwise !== '') return otherwise;
  return user === UNDEFINED || typeof user === 'string' ? UNDEFINED : ERROR;
};

/** There are no map files here: nobody is in any group. */
const userMap: StrictFunction = ([map, user, _preferred, otherwise]) => {
  if (map === ERROR || user === ERROR) return ERROR;
  return otherwise ?? UNDEFINED;
};

export const ENVIRONMENT: FunctionTable = {
  envV1ToV2: strict(1, 1, envV1ToV2),
  mergeEnvironment: strict(0, Number.POSITIVE_INFINITY, mergeEnvironment),
  argsToList: strict(1, 2, argsToList),
  listToArgs: strict(1, 2, listToArgs),
  userHome: strict(1, 2, userHome),
  userMap: strict(2, 4, userMap),
};
