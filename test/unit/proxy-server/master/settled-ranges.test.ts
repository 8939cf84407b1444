import { expect } from 'chai';
import { type SettledRange, SettledRanges } from '../../../../proxy-server/master/settled-ranges.js';
import { seededRandom } from '../../../support/seeded-random.js';

const done = (first: number, end: number, file = 0): SettledRange => ({ file, first, end, state: 'done' });

describe('proxy-server: settled ranges', () => {
  it('joins neighbours of one state, in any order of arrival', () => {
    const ranges = new SettledRanges();
    for (const [first, end] of [
      [20, 30],
      [0, 10],
      [10, 20],
    ] as const)
      ranges.add(done(first, end));
    ranges.add({ file: 0, first: 30, end: 31, state: 'failed' });
    expect(ranges.of(0)).to.deep.equal([done(0, 30), { file: 0, first: 30, end: 31, state: 'failed' }]);
  });

  it('refuses an entry that is settled already', () => {
    const ranges = new SettledRanges();
    ranges.add(done(10, 20));
    for (const [first, end] of [
      [10, 20],
      [5, 11],
      [19, 25],
      [12, 13],
      [0, 100],
    ] as const)
      expect(() => ranges.add(done(first, end)), `${first}..${end}`).to.throw(RangeError);
    ranges.add(done(0, 10));
    ranges.add(done(20, 25, 1));
    expect(ranges.all()).to.have.length(2);
  });

  it('becomes one range when everything is done, cut and ordered at random', () => {
    const random = seededRandom(7);
    const cuts = [0, ...Array.from({ length: 500 }, () => Math.floor(random() * 100_000)), 100_000].sort(
      (a, b) => a - b,
    );
    const parts = cuts
      .slice(1)
      .flatMap((end, i) => (end > cuts[i]! ? [{ range: done(cuts[i]!, end), key: random() }] : []));
    const ranges = new SettledRanges();
    for (const { range } of parts.sort((a, b) => a.key - b.key)) ranges.add(range);
    expect(ranges.all()).to.deep.equal([done(0, 100_000)]);
  });
});
