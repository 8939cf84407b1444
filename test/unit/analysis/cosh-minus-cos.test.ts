/** coshMinusCos beside the series summed in integers of 2^-300, far beyond what doubles hold. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { coshMinusCos } from '../../../analysis/cosh-minus-cos.js';
import { EntryRandom } from '../../../analysis/random.js';

const BITS = 300n;
const ULPS = 4;

/** A double as a multiple of 2^-300; what is smaller is cut off. */
function fixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const mantissa = (bits & 0xfffffffffffffn) | (exponent === 0n ? 0n : 1n << 52n);
  const shift = (exponent === 0n ? 1n : exponent) - 1075n + BITS;
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return bits >> 63n === 0n ? size : -size;
}

/** cosh(a) - 1 + 1 - cos(b) by both series, term by term. */
function exactly(a: number, b: number): bigint {
  const series = (square: bigint): bigint => {
    let sum = 0n;
    let term = 1n << BITS;
    for (let n = 1n; term !== 0n; n += 2n) {
      term = ((term * square) / (n * (n + 1n))) >> BITS;
      if (term === -1n) break;
      sum += term;
    }
    return sum;
  };
  const [x, y] = [fixed(a), fixed(b)];
  return series((x * x) >> BITS) - series(-((y * y) >> BITS));
}

/** How far `got` is from the exact value, in units of its own last place. */
function ulpsOff(got: number, wanted: bigint): number {
  const unit = fixed(2 ** (Math.floor(Math.log2(got)) - 52));
  const off = fixed(got) - wanted;
  return Number((1000n * (off < 0n ? -off : off)) / unit) / 1000;
}

describe('analysis: cosh(a) - cos(b)', () => {
  /** Seeds fixed: the same numbers each time. */
  const ranges: readonly (readonly [string, number, number])[] = [
    ['differences of rapidity and azimuth', 5, 2 * Math.PI],
    ['nearly collinear particles', 1e-6, 1e-6],
    ['small angles', 0.1, 0.1],
    ['one far below the other', 1e-3, 3],
    ['long arguments', 30, 60],
  ];
  for (const [what, a, b] of ranges)
    it(`is within ${ULPS} units in the last place: ${what}`, () => {
      const random = new EntryRandom(7).start(0, 0);
      let worst = 0;
      for (let i = 0; i < 3000; i++) {
        const [x, y] = [random.uniform(-a, a), random.uniform(-b, b)];
        worst = Math.max(worst, ulpsOff(coshMinusCos(x, y), exactly(x, y)));
      }
      expect(worst).to.be.below(ULPS);
    });

  it('is as good where the reductions of its arguments change over', () => {
    let worst = 0;
    for (let k = 1; k < 40; k++)
      for (const near of [1 - 1e-9, 1, 1 + 1e-9]) {
        const [x, y] = [(k + 0.5) * Math.LN2 * near, k * Math.PI * near];
        worst = Math.max(
          worst,
          ulpsOff(coshMinusCos(x, y), exactly(x, y)),
          ulpsOff(coshMinusCos(x % 1, 2 * y), exactly(x % 1, 2 * y)),
        );
      }
    expect(worst).to.be.below(ULPS);
  });

  it('is even, 0 at 0, and the library functions beyond its range', () => {
    expect(coshMinusCos(-1.25, -2.5)).to.equal(coshMinusCos(1.25, 2.5));
    expect(coshMinusCos(0, -0)).to.equal(0);
    for (const [a, b] of [
      [400, 1],
      [1, 1e6],
      [Number.POSITIVE_INFINITY, 0],
      [1, Number.NaN],
    ] as const)
      expect(coshMinusCos(a, b)).to.deep.equal(Math.cosh(a) - Math.cos(b));
    expect(coshMinusCos(300, 1e5) / Math.cosh(300)).to.be.closeTo(1, 1e-15);
  });

  it('has the same bits on every machine', () => {
    const hash = createHash('sha256');
    const random = new EntryRandom(11).start(0, 0);
    for (let i = 0; i < 10_000; i++)
      hash.update(new Uint8Array(Float64Array.of(coshMinusCos(random.uniform(-8, 8), random.uniform(-7, 7))).buffer));
    expect(hash.digest('hex').slice(0, 16)).to.equal('000bfbf6b4d266ab');
  });
});
