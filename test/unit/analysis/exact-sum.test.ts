import { expect } from 'chai';
import { ExactAccumulator } from '../../../analysis/exact-accumulator.js';
import { ExactSums } from '../../../analysis/exact-sum.js';
import { EntryRandom } from '../../../analysis/random.js';
import { exactUnits, nearestDouble } from '../../support/rational-sum.js';

const random = new EntryRandom(20_261_121).start(0, 0);

/** Any finite double, all exponents alike: denormals and 1e308 as often as 1. */
function anyDouble(): number {
  for (;;) {
    const value = new Float64Array(Uint32Array.of(random.bits(), random.bits()).buffer)[0]!;
    if (Number.isFinite(value)) return value;
  }
}

const KINDS: readonly { what: string; draw: () => number }[] = [
  { what: 'weights near 1', draw: () => random.uniform(0.1, 2) },
  { what: 'any doubles', draw: anyDouble },
  { what: 'denormals', draw: () => (random.uniform() - 0.5) * 2 ** -1040 },
  { what: 'the largest doubles', draw: () => (random.bits() & 1 ? 1 : -1) * Number.MAX_VALUE * random.uniform(0.5, 1) },
  { what: 'what nearly cancels', draw: () => (random.bits() & 1 ? 1e16 : -1e16) + random.gauss() },
  { what: 'ties of rounding', draw: () => 2 ** (random.integer(4) * 53) * (random.bits() & 1 ? 1 : -1) },
  { what: 'zeros of both signs', draw: () => (random.bits() & 1 ? -0 : 0) },
];

const sumOf = (values: readonly number[]): ExactSums => {
  const sums = new ExactSums(1);
  for (const value of values) sums.add(0, value);
  return sums;
};

describe('analysis: exact sums', () => {
  for (const { what, draw } of KINDS)
    it(`rounds the sum of ${what} once, half to even, as whole-number arithmetic does`, () => {
      for (let round = 0; round < 60; round++) {
        const values = Array.from({ length: 1 + random.integer(40) }, draw);
        const expected = nearestDouble(exactUnits(values));
        const found = sumOf(values).value(0);
        expect(found, values.join(' + ')).to.equal(expected === 0 ? 0 : expected);
        expect(Object.is(found, -0)).to.equal(false);
        const accumulator = new ExactAccumulator();
        for (const value of values) accumulator.add(value);
        expect(accumulator.value()).to.equal(found);
      }
    });

  it('gives the same bits for every order and grouping, also through their encoded form', () => {
    for (let round = 0; round < 200; round++) {
      const draw = KINDS[round % KINDS.length]!.draw;
      const values = Array.from({ length: 30 }, draw);
      const expected = sumOf(values).value(0);
      const shuffled = values.toSorted(() => random.uniform() - 0.5);
      const cut = random.integer(30);
      const [left, right] = [sumOf(shuffled.slice(0, cut)), sumOf(shuffled.slice(cut))];
      const leftFirst = new ExactSums(1);
      leftFirst.merge(0, left, 0);
      leftFirst.merge(0, right, 0);
      right.merge(0, left, 0);
      expect(leftFirst.value(0)).to.equal(expected);
      expect(right.value(0)).to.equal(expected);
      const copy = new ExactSums(1);
      copy.restore(0, right.hi(0), right.lo(0));
      for (const [i, spill] of right.spills()) copy.mergeSpill(i, ExactAccumulator.decode(spill));
      expect(copy.value(0)).to.equal(expected);
    }
  });

  it('survives intermediate sums beyond the largest double', () => {
    const max = Number.MAX_VALUE;
    expect(sumOf([max, max, -max]).value(0)).to.equal(max);
    expect(sumOf([max, max, 1, -max, -max]).value(0)).to.equal(1);
    expect(sumOf([max, max]).value(0)).to.equal(Number.POSITIVE_INFINITY);
    expect(sumOf([-max, -max]).value(0)).to.equal(Number.NEGATIVE_INFINITY);
  });

  it('counts NaN and infinities apart: finite terms before and after do not change the rule', () => {
    const { POSITIVE_INFINITY: inf } = Number;
    expect(sumOf([1, inf, -5, inf]).value(0)).to.equal(inf);
    expect(sumOf([-inf, Number.MAX_VALUE]).value(0)).to.equal(-inf);
    expect(sumOf([inf, 3, -inf]).value(0)).to.be.NaN;
    expect(sumOf([inf, Number.NaN]).value(0)).to.be.NaN;
  });

  it('keeps a whole number added apart exact, and totals several sums with one rounding', () => {
    const sums = new ExactSums(3);
    sums.add(0, 2 ** -60);
    sums.add(1, 1);
    sums.add(2, 2 ** -53);
    expect(sums.value(0, 2 ** 52)).to.equal(2 ** 52);
    expect(sums.valueOfAll([1, 2])).to.equal(1); // a tie, to even
    expect(sums.valueOfAll([0, 1, 2])).to.equal(1 + 2 ** -52); // just above it
  });

  it('stays exact over a million additions of one accumulator, past its carries', () => {
    const accumulator = new ExactAccumulator();
    for (let i = 0; i < 1_100_000; i++) accumulator.add(Number.MAX_VALUE);
    for (let i = 0; i < 1_099_999; i++) accumulator.add(-Number.MAX_VALUE);
    expect(accumulator.value()).to.equal(Number.MAX_VALUE);
  });
});
