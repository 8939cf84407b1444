/** The function library, beyond what evaluation.test.ts has: patterns, string lists, versions, times, contexts, environments. */
import { expect } from 'chai';
import { evaluate, parseAd, parseExpression, type Surroundings } from '../../../jdl/index.js';
import { valueJson } from '../../../jdl/value-json.js';

const NOON: Surroundings = {
  now: () => Date.UTC(2026, 10, 21, 12, 0, 5),
  zoneOffset: () => 3600,
  random: () => 0.5,
  home: (user) => (user === 'ana' ? '/home/ana' : undefined),
};

function worth(expr: string, ad = '[]'): string {
  const scope = parseAd(ad);
  const value = evaluate(parseExpression(expr, { scope }), scope, NOON);
  if (typeof value === 'symbol') return value.description ?? '';
  return typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object'
      ? valueJson(value, { ad: scope, surroundings: NOON })
      : String(value);
}
const list = (...items: string[]): string =>
  `{"type":"list","value":[${items.map((item) => `{"type":"string","value":"${item}"}`).join(',')}]}`;

const TABLE: readonly (readonly [expr: string, value: string, ad?: string])[] = [
  ['regexp("^A.c$", "abc")', 'false'],
  ['regexp("^A.c$", "abc", "i")', 'true'],
  ['regexp("a$", "a\\n")', 'true'],
  ['regexp("^b", "a\\nb", "m")', 'true'],
  ['regexp("a.b", "a\\nb", "s")', 'true'],
  ['regexp("a b # note", "ab", "x")', 'true'],
  ['regexp("(", "a")', 'error'],
  ['regexp("(a)\\\\1", "aa")', 'error'],
  ['regexp("a(?=b)", "ab")', 'error'],
  ['regexp(undefined, "a")', 'undefined'],
  ['regexpMember("b", {"a", undefined})', 'undefined'],
  ['regexpMember("b", {1, "b"})', 'error'],
  ['regexps("(.)(.)", "xab", "\\\\2\\\\1")', '"ax"'],
  ['regexps("z", "xab", "q")', '""'],
  ['regexps("a", "xab", "\\\\1")', 'error'],
  ['replace("a", "banana", "o")', '"bonana"'],
  ['replaceAll("a", "banana", "<\\\\0>")', '"b<a>n<a>n<a>"'],
  ['replaceAll("x*", "axb", "-")', 'error'],
  ['replaceAll("^", "ab", "-")', '"-ab"'],
  ['stringListSize("a, b,,c")', '3'],
  ['stringListSum("1, 2.5")', '3.5'],
  ['stringListAvg("1,2,3")', '2'],
  ['stringListMin("")', 'undefined'],
  ['stringListMax("3,x")', 'error'],
  ['stringListMember("b", "a,b")', 'true'],
  ['stringListIMember("B", "a,b")', 'true'],
  ['stringListSubsetMatch("a,b", "b,c,a")', 'true'],
  ['stringListsIntersect("a,b", "c b")', 'true'],
  ['stringList_regexpMember("^b", "a,bc")', 'true'],
  ['split("a, b,,c")', list('a', 'b', '', 'c')],
  ['splitUserName("ana@cern.ch")', list('ana', 'cern.ch')],
  ['splitSlotName("host")', list('', 'host')],
  ['versioncmp("7.9", "7.10") < 0', 'true'],
  ['versionGE("7.10", "7.9")', 'true'],
  ['version_in_range("8.5", "8.1", "9")', 'true'],
  ['time()', '1795262405'],
  ['string(currentTime())', '"2026-11-21T13:00:05+01:00"'],
  ['formatTime(0, "%Y-%m-%d %H:%M:%S %j %a %p")', '"1970-01-01 01:00:00 001 Thu AM"'],
  ['string(absTime("2003-01-25T09:00:00-06:00") + relTime("1:00"))', '"2003-01-25T09:01:00-06:00"'],
  ['string(absTime("2003-01-25Z") - absTime("2003-01-24Z"))', '"1+00:00:00"'],
  ['getHours(relTime("1+02:03:04"))', '2'],
  ['splitTime(relTime(-90)).Minutes', '-1'],
  ['interval(1472523)', '"17+1:02:03"'.replace('+1:', '+01:')],
  ['random(10)', '5'],
  ['userHome("ana")', '"/home/ana"'],
  ['userHome("bob", "/tmp")', '"/tmp"'],
  ['eval("x + 1")', '4', '[x = 3]'],
  ['eval("1 +")', 'error'],
  ['unparse(x)', '"y + 1"', '[x = y + 1]'],
  ['unresolved(r)', '"OpSys,Arch"', '[r = OpSys == "L" && target.Arch == "x" && Cpus > 1; Cpus = 2]'],
  ['unresolved(r, "^op")', 'true', '[r = OpSys == "L"]'],
  ['countMatches(Prio > 2, l)', '1', '[l = {[Prio = 3], [Prio = 1], undefined}]'],
  ['sum(evalInEachContext(Prio, l))', '4', '[l = {[Prio = 3], [Prio = 1]}]'],
  ['countMatches(want, l)', '1', '[want = Prio > 2; l = {[Prio = 3], [Prio = 1]}]'],
  ['evalInEachContext(a, undefined)', 'undefined'],
  ['envV1ToV2("B=2;A=x y")', '"A=x\' \'y B=2"'],
  ['mergeEnvironment("A=1 B=2", undefined, "A=\'3 4\'")', '"A=3\' \'4 B=2"'],
  ["argsToList(\"a 'b c' d''''\")", list('a', 'b c', "d'")],
  ['listToArgs({"a", "b c", ""})', `"a b' 'c ''"`],
  ['pow(3, -2)', '0.1111111111111111'],
  ['ifThenElse(undefined, 1, 2)', 'undefined'],
  ['bool("TRUE")', 'true'],
  ['debug(1 + 1)', '2'],
];

describe('jdl: functions', () => {
  for (const [expr, value, ad] of TABLE)
    it(`${ad === undefined ? '' : `${ad} `}${expr} is ${value}`, () => {
      expect(worth(expr, ad)).to.equal(value);
    });
});
