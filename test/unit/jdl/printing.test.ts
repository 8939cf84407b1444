/** Canonical text parses to the same tree, whatever the tree. */
import { expect } from 'chai';
import { makeAd, parseAd, parseExpression, printAd, printExpression, unparse } from '../../../jdl/index.js';

const SAME = [
  '1 + 2 * 3',
  '(1 + 2) * -3',
  '- 5 - -5',
  'a ? b : c ? d : e',
  'a ?: b',
  '!a && ~b || +c',
  '{ 1,"two",[ x = 3 ] }',
  "'odd name'.'is'[\"x\"]",
  '.a.b.c[0]',
  'f(a,{  },[  ])',
  '"quote \\" backslash \\\\ newline \\n bell \\a é"',
  '1.0',
  '0.1',
  '1e+300',
  'a =?= undefined',
  '1 >>> 2 << 3 >> 4',
  'absTime("2003-01-25T09:00:00-06:00")',
  'relTime("1+02:03:04")',
];

describe('jdl: printing', () => {
  for (const text of SAME)
    it(`${text} survives`, () => {
      const once = printExpression(parseExpression(text));
      expect(printExpression(parseExpression(once))).to.equal(once);
      expect(once.replace(' is undefined', ' =?= undefined')).to.equal(text);
    });
  it('puts parentheses into trees that were built, where they need some', () => {
    const built = makeAd({ a: { b: ['x', 1, 2.5, true] }, "it's": 'q"' });
    expect(printAd(built)).to.equal('[\n  a = [ b = { "x",1,2.5,true } ];\n  \'it\\\'s\' = "q\\"";\n]\n');
    expect(printAd(parseAd(printAd(built)))).to.equal(printAd(built));
  });
  it('string() prints as the reference library', () => {
    expect(unparse(parseExpression('{1,2.5,"é",-x,a is b}') as never)).to.equal(
      '{ 1,2.500000000000000E+00,"\\303\\251", -x,a is b }',
    );
  });
});
