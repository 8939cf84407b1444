/** Texts that mean harm: deep, circular, explosive, random. All end in an answer or a parse error. */
import { expect } from 'chai';
import {
  DIALECTS,
  ERROR,
  evaluate,
  parseAd,
  parseExpression,
  parseJdl,
  printExpression,
  TIMELESS,
  UNDEFINED,
  type Value,
} from '../../../jdl/index.js';
import { valueJson } from '../../../jdl/value-json.js';
import { GridError } from '../../../protocol/errors.js';

const DEEP = 10_000;
const worth = (expr: string, ad = '[]'): Value => {
  const scope = parseAd(ad);
  return evaluate(parseExpression(expr, { scope }), scope);
};
const chain = (length: number, link: (i: number) => string): string =>
  `[${Array.from({ length }, (_, i) => `a${i + 1} = ${link(i)}`).join('; ')}]`;

describe('jdl: depth', () => {
  const SHAPES: readonly (readonly [what: string, text: string, value: Value | 'compound'])[] = [
    ['parentheses', `${'('.repeat(DEEP)}1${')'.repeat(DEEP)}`, 1n],
    ['lists', `${'{'.repeat(DEEP)}1${'}'.repeat(DEEP)}`, 'compound'],
    ['ads', `${'[a='.repeat(DEEP)}1${']'.repeat(DEEP)}`, 'compound'],
    ['sums', Array.from({ length: DEEP }, () => '1').join('+'), BigInt(DEEP)],
    ['signs', `${'- '.repeat(DEEP)}1`, 1n],
    ['choices', `${'true ? '.repeat(DEEP)}1${' : 2'.repeat(DEEP)}`, 1n],
    ['defaults', `${'undefined ?: '.repeat(DEEP)}1`, 1n],
    ['calls', `${'int('.repeat(DEEP)}1${')'.repeat(DEEP)}`, 1n],
    ['subscripts', `{1}${'[0]'.repeat(DEEP)}`, ERROR],
    ['selections', `[a=1]${'.a'.repeat(DEEP)}`, ERROR],
  ];
  for (const [what, text, value] of SHAPES)
    it(`${DEEP} ${what} are parsed, evaluated and printed`, () => {
      const expr = parseExpression(text);
      const found = evaluate(expr);
      if (value === 'compound')
        expect(valueJson(found, { ad: undefined, surroundings: TIMELESS }).length).to.be.above(DEEP);
      else expect(found).to.equal(value);
      const printed = printExpression(expr);
      expect(printExpression(parseExpression(printed))).to.equal(printed);
    });
});

describe('jdl: work without end', () => {
  it('circles are undefined', () => {
    expect(worth('a', '[a = b; b = a]')).to.equal(UNDEFINED);
    expect(worth('a', '[a = strcat("x", a)]')).to.equal(UNDEFINED);
    expect(worth('eval(a)', '[a = "eval(a)"]')).to.equal(UNDEFINED);
    expect(valueJson(parseAd('[a = [b = a]; l = {l}]'), { ad: undefined, surroundings: TIMELESS })).to.contain(
      'undefined',
    );
  });
  it('doubling at every step is error', () => {
    expect(
      worth(
        'a60',
        chain(60, (i) => (i === 0 ? '1' : `a${i} + a${i}`)),
      ),
    ).to.equal(ERROR);
    expect(
      worth(
        'a60',
        chain(60, (i) => (i === 0 ? '"0123456789"' : `strcat(a${i}, a${i})`)),
      ),
    ).to.equal(ERROR);
  });
  it('hostile regular expressions take linear time', () => {
    expect(worth(`regexp("(a+)+$", "${'a'.repeat(30_000)}b")`)).to.equal(false);
    expect(worth('regexp("((a{0,900}){0,900}){0,900}", "a")')).to.equal(ERROR);
  });
  it('long texts pass through functions whole', () => {
    expect(worth(`size("${'\\101'.repeat(300_000)}")`)).to.equal(300_000n);
    expect(worth(`stringListMax("${'1,'.repeat(300_000)}")`)).to.equal(1n);
    expect(worth(`versioncmp("${'é'.repeat(200_000)}", "a") < 0`)).to.equal(true);
  });
  it('10 MB are read', () => {
    expect(worth('size(s) + size(l)', `[s = "${'x'.repeat(9_000_000)}"; l = {${'1,'.repeat(500_000)}}]`)).to.equal(
      9_500_000n,
    );
  });
});

/** Numbers from a seed, the same on every machine. */
function* seeded(seed: number): Generator<number> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const SOUP = [
  ...'[]{}();,=.?:+-*/%!~&|^<>"\'#$@\\ \n\t'.split(''),
  ...[
    '==',
    '!=',
    '=?=',
    '=!=',
    '&&',
    '||',
    '<<',
    '>>>',
    'is',
    'isnt',
    'true',
    'undefined',
    'error',
    'a',
    'b',
    'self',
    'other',
    'parent',
  ],
  ...[
    '1',
    '0x',
    '1.5e',
    '9223372036854775807',
    '2K',
    '"s"',
    "'n'",
    '//',
    '/*',
    '*/',
    '$1',
    'strcat',
    'regexp(',
    'member(',
    'eval(',
    'é',
    '\0',
    '\ud800',
  ],
];
const REAL = `Executable = "/alice/bin/aliroot"; # not a comment
Packages = { "VO_ALICE@AliRoot::v5", "b" };
Requirements = member(other.GridPartitions, "x") && other.TTL > 7200 || regexp("^a.*$", other.CE, "i");
OutputArchive = {"log.zip:stdout,stderr@disk=2" "root.zip:*.root@disk=1"};
Arguments = "$1 --n #alien_counter_03i#"; Nested = [ a = { 1, [ b = a[0] ] }; c = parent.TTL ?: 5 ]; TTL = "7200"`;

/** The text is taken or refused with an error of ours; what is taken is evaluated whole. */
function survives(text: string): void {
  for (const dialect of DIALECTS)
    try {
      const { ad } = parseJdl(text, { dialect, args: ['x', '"'] });
      valueJson(ad, { ad, surroundings: TIMELESS });
      printExpression(ad);
    } catch (error) {
      if (!(error instanceof GridError)) throw new Error(`${JSON.stringify(text)} in ${dialect}`, { cause: error });
    }
}

describe('jdl: random texts end in an ad or in an error of ours', () => {
  it('token soup', () => {
    const random = seeded(1);
    const next = (limit: number): number => Math.floor(random.next().value! * limit);
    for (let i = 0; i < 1500; i++)
      survives(Array.from({ length: next(40) }, () => SOUP[next(SOUP.length)]).join(next(2) === 0 ? '' : ' '));
  });
  it('random bytes', () => {
    const random = seeded(2);
    for (let i = 0; i < 500; i++)
      survives(Buffer.from(Array.from({ length: 60 }, () => Math.floor(random.next().value! * 256))).toString('utf8'));
  });
  it('a real JDL with characters changed, cut and repeated', () => {
    const random = seeded(3);
    const next = (limit: number): number => Math.floor(random.next().value! * limit);
    for (let i = 0; i < 800; i++) {
      let text = REAL;
      for (let change = 0; change < 3; change++) {
        const at = next(text.length);
        const end = at + next(12);
        text =
          text.slice(0, at) +
          (next(2) === 0 ? SOUP[next(SOUP.length)]! : text.slice(next(text.length)).slice(0, 9)) +
          text.slice(end);
      }
      survives(text);
    }
  });
});
