/**
 * Versions as people order them: 7.9 before 7.10; of numbers with leading zeros the one with more comes first.
 * Source: HTCondor manual, versioncmp(); after glibc's strverscmp.
 */
import { toText } from '../conversions.js';
import { bytesOf, isAscii } from '../text-bytes.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, strict } from './definition.js';

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';
/** Bytes are signed, as C's characters are on our machines; the end counts as 0. */
const codeAt = (bytes: string, i: number): number => ((bytes.charCodeAt(i) || 0) << 24) >> 24;

/** Below zero, zero or above zero; of two characters that differ, their distance. */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0;
  const a = byteString(left);
  const b = byteString(right);
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  let first = at; // of the digits that lead up to the difference
  while (first > 0 && isDigit(a[first - 1])) first--;
  const difference = codeAt(a, at) - codeAt(b, at);
  if (first === at && !(isDigit(a[at]) && isDigit(b[at]))) return difference;
  const zerosA = leadingZeros(a, first);
  const zerosB = leadingZeros(b, first);
  if (zerosA !== zerosB) return zerosB - zerosA;
  if (zerosA > 0) return difference;
  return digitsFrom(a, first) - digitsFrom(b, first) || difference;
}

const byteString = (text: string): string => (isAscii(text) ? text : Buffer.from(bytesOf(text)).toString('latin1'));

function digitsFrom(text: string, first: number): number {
  let end = first;
  while (isDigit(text[end])) end++;
  return end - first;
}

/** The last zero of a number that is nothing but zeros is its value. */
function leadingZeros(text: string, first: number): number {
  let end = first;
  while (text[end] === '0') end++;
  return end > first && !isDigit(text[end]) ? end - first - 1 : end - first;
}

/** The arguments as texts; undefined where any of those that must be defined is not. */
function texts(args: readonly Value[], mustBeDefined: readonly Value[]): string[] | typeof UNDEFINED | typeof ERROR {
  if (mustBeDefined.includes(UNDEFINED)) return UNDEFINED;
  const all = args.map(toText);
  return all.every((text) => typeof text === 'string') ? all : ERROR;
}

const comparison = (answer: (order: number) => Value) =>
  strict(2, 2, (args) => {
    const both = texts(args, args);
    return Array.isArray(both) ? answer(compareVersions(both[0]!, both[1]!)) : both;
  });

export const VERSIONS: FunctionTable = {
  versioncmp: comparison((order) => BigInt(order)),
  versionLT: comparison((order) => order < 0),
  versionLE: comparison((order) => order <= 0),
  versionEQ: comparison((order) => order === 0),
  versionGE: comparison((order) => order >= 0),
  versionGT: comparison((order) => order > 0),
  version_in_range: strict(3, 3, (args) => {
    const all = texts(args, args.slice(1));
    if (!Array.isArray(all)) return all;
    const [version, least, most] = all;
    return compareVersions(least!, version!) <= 0 && compareVersions(version!, most!) <= 0;
  }),
};
