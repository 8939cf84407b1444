/**
 * C's pow. JavaScript's `**` may be off in the last bit; for whole exponents the power is worked out exactly and rounded once, as the
 * C library's comes out.
 */

const LARGEST_EXACT_EXPONENT = 1100;

/** 1 to any power is 1, also to NaN; -1 to an infinite one likewise. */
export function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) return 1;
  const isExact =
    Number.isInteger(exponent) && Math.abs(exponent) <= LARGEST_EXACT_EXPONENT && Number.isFinite(base) && base !== 0;
  if (!isExact) return exponent === 0.5 && base > 0 ? Math.sqrt(base) : base ** exponent;
  const rough = base ** exponent;
  if (rough === 0 || !Number.isFinite(rough) || Math.abs(rough) < 2 ** -1020) return rough;
  const { mantissa, exponent: twos } = parts(base);
  const count = Math.abs(exponent);
  const product = mantissa ** BigInt(count);
  return exponent >= 0 ? scaled(product, twos * count) : reciprocal(product, twos * count);
}

/** real = mantissa * 2^exponent with an odd mantissa, so that its powers stay short. */
function parts(real: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, real);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  let mantissa = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n);
  let exponent = Math.max(biased, 1) - 1075;
  while ((mantissa & 1n) === 0n) {
    mantissa >>= 1n;
    exponent++;
  }
  return { mantissa: real < 0 ? -mantissa : mantissa, exponent };
}

/** value * 2^exponent, rounded once. */
function scaled(value: bigint, exponent: number): number {
  const excess = Math.max(0, bitLength(value) - 70);
  const sticky = excess > 0 && BigInt.asUintN(excess, value < 0n ? -value : value) !== 0n ? 1n : 0n;
  const magnitude = ((value < 0n ? -value : value) >> BigInt(excess)) | sticky;
  return timesPowerOfTwo(value < 0n ? -Number(magnitude) : Number(magnitude), exponent + excess);
}

/** 1 / (value * 2^exponent), rounded once. */
function reciprocal(value: bigint, exponent: number): number {
  const shift = bitLength(value) + 70;
  const magnitude = value < 0n ? -value : value;
  const numerator = 1n << BigInt(shift);
  const quotient = (numerator / magnitude) | (numerator % magnitude === 0n ? 0n : 1n);
  return timesPowerOfTwo(value < 0n ? -Number(quotient) : Number(quotient), -shift - exponent);
}

const bitLength = (value: bigint): number => (value < 0n ? -value : value).toString(2).length;

/** In two steps, since 2^exponent alone may be out of range. */
function timesPowerOfTwo(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}
