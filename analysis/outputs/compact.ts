/** Arrays of numbers in the narrowest element that keeps them exactly, for the wire. */

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Unsigned integers of 1, 2 or 4 bytes where all fit, doubles otherwise. */
export function compact(values: Float64Array): Numbers {
  let max = 0;
  for (const value of values) {
    if (!(value >= 0 && value < 2 ** 32 && Math.trunc(value) === value) || Object.is(value, -0)) return values;
    if (value > max) max = value;
  }
  if (max < 2 ** 8) return Uint8Array.from(values);
  return max < 2 ** 16 ? Uint16Array.from(values) : Uint32Array.from(values);
}

/** What arrived, as doubles; undefined where it is no such array. */
export function numbersOf(values: unknown): Float64Array | undefined {
  if (values instanceof Float64Array) return values;
  if (values instanceof Uint8Array || values instanceof Uint16Array || values instanceof Uint32Array)
    return Float64Array.from(values);
  return undefined;
}
