/** Sums of doubles by whole-number arithmetic, without any cleverness: what exact sums are held against. */

/** The sum in units of 2^-1074. Finite numbers only. */
export function exactUnits(values: Iterable<number>): bigint {
  let units = 0n;
  for (const value of values) units += unitsOf(value);
  return units;
}

function unitsOf(value: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(biased - 1);
  return bits >> 63n === 0n ? magnitude : -magnitude;
}

/** The nearest double, ties to even, found by bisection over the doubles' own order. */
export function nearestDouble(units: bigint): number {
  if (units < 0n) return -nearestDouble(-units);
  const double = (bits: bigint): number => new Float64Array(BigUint64Array.of(bits).buffer)[0]!;
  let low = 0n; // unitsOf(double(low)) <= units
  let high = 0x7ff0000000000000n; // infinity, taken as 2^1024
  const at = (bits: bigint): bigint => (bits === 0x7ff0000000000000n ? 1n << 2098n : unitsOf(double(bits)));
  if (units >= at(high)) return Number.POSITIVE_INFINITY;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (at(middle) <= units) low = middle;
    else high = middle;
  }
  const below = units - at(low);
  const above = at(high) - units;
  if (below < above || (below === above && (low & 1n) === 0n)) return double(low);
  return double(high);
}
