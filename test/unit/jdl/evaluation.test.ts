/** Values of expressions, one line each: what the language reference and the reference library say. */
import { expect } from 'chai';
import { evaluate, parseAd, parseExpression } from '../../../jdl/index.js';
import { TIMELESS } from '../../../jdl/surroundings.js';
import { valueJson } from '../../../jdl/value-json.js';

/** The value as text: the printed form of scalars, JSON for the rest. */
function worth(expr: string, ad = '[]'): string {
  const scope = parseAd(ad);
  const value = evaluate(parseExpression(expr, { scope }), scope);
  if (typeof value === 'symbol') return value.description ?? '';
  if (typeof value === 'number') return `${value} real`;
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' ? valueJson(value, { ad: scope, surroundings: TIMELESS }) : String(value);
}

const TABLE: readonly (readonly [expr: string, value: string, ad?: string])[] = [
  ['1 + 2 * 3', '7'],
  ['(1 + 2) * 3', '9'],
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['-7 % 3', '-1'],
  ['7 % 2.0', 'error'],
  ['1 / 0', 'error'],
  ['1.0 / 0', 'error'],
  ['9223372036854775807 + 1', '-9223372036854775808'],
  ['99999999999999999999', '9223372036854775807'],
  ['0x1F + 010', '39'],
  ['2K', '2048 real'],
  ['true + 1', '2'],
  ['-true', 'error'],
  ['!undefined', 'undefined'],
  ['"ABC" == "abc"', 'true'],
  ['"ABC" is "abc"', 'false'],
  ['"abc" =!= "abd"', 'true'],
  ['"a" == 1', 'error'],
  ['1 is 1.0', 'false'],
  ['1 == 1.0', 'true'],
  ['undefined is undefined', 'true'],
  ['undefined == 1', 'undefined'],
  ['undefined && false', 'false'],
  ['undefined || true', 'true'],
  ['error || true', 'error'],
  ['false && error', 'false'],
  ['undefined && true', 'undefined'],
  ['1 && 2.5', 'true'],
  ['"x" && true', 'error'],
  ['true ? 1 : 2', '1'],
  ['undefined ? 1 : 2', 'undefined'],
  ['"x" ? 1 : 2', 'error'],
  ['undefined ?: 5', '5'],
  ['false ?: 5', 'false'],
  ['-16 >>> 60', '15'],
  ['1 << 63', '-9223372036854775808'],
  ['~5 & 0xFF', '250'],
  ['"a" "b"', '"ab"'],
  ['"\\303\\251\\n"', '"é\\n"'],
  ["'odd name' + 1", '4', "['odd name' = 3]"],
  ['b.x', '1', '[x = 1; b = [y = 2]]'],
  ['b["x"]', 'undefined', '[x = 1; b = [y = 2]]'],
  ['b.z', '2', '[x = 1; b = [x = 2; z = x]]'],
  ['b.z', '1', '[x = 1; b = [x = 2; z = parent.x]]'],
  ['b.z', '1', '[x = 1; b = [x = 2; z = .x]]'],
  ['X', '1', '[x = 1]'],
  ['my.x + self.x + this.x', '3', '[x = 1]'],
  ['l[1]', '2', '[l = {1, 2}]'],
  ['l[2]', 'error', '[l = {1, 2}]'],
  ['sum(l.x)', '3', '[l = {[x = 1], [x = 2]}]'],
  ['a', 'undefined', '[a = b; b = a]'],
  ['member("b", {"A", "B"})', 'true'],
  ['member({"A", "B"}, "b")', 'true'],
  ['identicalMember("b", {"A", "B"})', 'false'],
  ['size("é")', '2'],
  ['avg({1, 2})', '1.5 real'],
  ['max({1, undefined, 2.5})', '2.5 real'],
  ['anyCompare(">", {1, 5}, 4)', 'true'],
  ['substr("abcdef", -3, 2)', '"de"'],
  ['strcat("a", 1, true)', '"a1true"'],
  ['join(",", {"a", undefined, "b"})', '"a,b"'],
  ['toUpper("aé")', '"Aé"'],
  ['stricmp("a", "B")', '-1'],
  ['round(2.5) + round(3.5)', '6'],
  ['int("12abc")', '12'],
  ['quantize(13, 8)', '16'],
  ['pow(2, 10)', '1024'],
  ['ifThenElse(1 > 2, error, "no")', '"no"'],
  ['noSuchFunction(1)', 'error'],
  ['strcmp("a")', 'error'],
];

describe('jdl: evaluation', () => {
  for (const [expr, value, ad] of TABLE)
    it(`${ad === undefined ? '' : `${ad} `}${expr} is ${value}`, () => {
      expect(worth(expr, ad)).to.equal(value);
    });
});
