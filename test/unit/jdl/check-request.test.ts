/** `proof jdl eval`, a line in and a line out. */
import { expect } from 'chai';
import { answerLine } from '../../../jdl/check-request.js';
import { TIMELESS } from '../../../jdl/index.js';

const answer = (request: unknown): unknown => JSON.parse(answerLine(JSON.stringify(request), TIMELESS));

describe('jdl: checking requests', () => {
  it('evaluates an expression, in an ad or alone', () => {
    expect(answer({ ad: '[a = 1]', expr: 'a + 9007199254740992' })).to.deep.equal({
      type: 'integer',
      value: '9007199254740993',
    });
    expect(answer({ expr: '1.5' })).to.deep.equal({ type: 'real', value: 1.5 });
    expect(answer({ expr: '-1.0 / 0' })).to.deep.equal({ type: 'real', value: '-INF' });
  });
  it('evaluates a whole ad, members in their scope', () => {
    expect(answer({ ad: '[a = 1; b = [a = 2; c = {a, parent.a}]]' })).to.deep.equal({
      type: 'ad',
      value: {
        a: { type: 'integer', value: '1' },
        b: {
          type: 'ad',
          value: {
            a: { type: 'integer', value: '2' },
            c: {
              type: 'list',
              value: [
                { type: 'integer', value: '2' },
                { type: 'integer', value: '1' },
              ],
            },
          },
        },
      },
    });
  });
  it('evaluates in the left ad of a match, and matches', () => {
    expect(answer({ ad: '[]', target: '[x = "y"]', expr: 'other.x' })).to.deep.equal({ type: 'string', value: 'y' });
    expect(answer({ ad: '[requirements = other.x == 1]', target: '[x = 1; rank = 2]', match: true })).to.deep.equal({
      type: 'match',
      symmetricMatch: false,
      leftMatchesRight: false,
      rightMatchesLeft: true,
      leftRank: { type: 'undefined' },
      rightRank: { type: 'integer', value: '2' },
    });
  });
  it('evaluates JDL of a dialect', () => {
    expect(
      answer({ jdl: 'A = {x@disk=1}; B = this.C; C = absTime("1970-01-01T00:00:01Z")', dialect: 'alien' }),
    ).to.deep.equal({
      type: 'ad',
      value: {
        A: { type: 'list', value: [{ type: 'string', value: 'x@disk=1' }] },
        B: { type: 'abstime', secs: 1, offset: 0 },
        C: { type: 'abstime', secs: 1, offset: 0 },
      },
    });
  });
  it('says which text does not parse: ad, then target, then expr', () => {
    expect(answer({ ad: '[', target: '[', expr: '+' })).to.deep.equal({ type: 'parse_error', where: 'ad' });
    expect(answer({ ad: '[]', target: '[', expr: '+' })).to.deep.equal({ type: 'parse_error', where: 'target' });
    expect(answer({ ad: '[]', expr: '1 2' })).to.deep.equal({ type: 'parse_error', where: 'expr' });
    expect(answer({ jdl: 'A = ', dialect: 'glite' })).to.deep.equal({ type: 'parse_error', where: 'ad' });
  });
  it('answers what is no request, so that answers stay in step', () => {
    for (const line of ['{', '{}', '[]', '{"ad": 1}', '{"target": "[]"}', '{"jdl": "", "dialect": "condor"}'])
      expect(JSON.parse(answerLine(line, TIMELESS))).to.have.property('type', 'request_error');
  });
});
