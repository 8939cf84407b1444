/**
 * One sum of doubles, exact whatever is added: a fixed-point number wide enough for every double (a "superaccumulator").
 *
 * The value is sum over k of limb[k] * 2^(32 k - 1088). Limbs are integers held in doubles and carry late: an addition touches
 * three of them and makes none grow by more than 2^32, so that 2^20 additions fit before the carries must be passed on.
 * 69 limbs reach from 2^-1074, the smallest double, past 2^1024 with room for 2^80 additions of the largest.
 * NaN and infinities are counted, not added. Slow next to plain addition (tens of ns): ExactSums comes here rarely.
 */
import { IncrementError } from './errors.js';

const LIMBS = 69;
/** Bits below the binary point. */
const SCALE = 1088;
const ADDITIONS_BEFORE_CARRY = 2 ** 20;
const RADIX = 2 ** 32;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer); // little-endian: words[1] holds sign and exponent
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LOW = LITTLE_ENDIAN ? 0 : 1;
const HIGH = 1 - LOW;

/** As it travels: limbs from `start` on, and how many NaN, +infinity and -infinity were added. */
export interface EncodedAccumulator {
  readonly start: number;
  readonly limbs: Float64Array;
  readonly nan: number;
  readonly plus: number;
  readonly minus: number;
}

export class ExactAccumulator {
  readonly #limbs = new Float64Array(LIMBS);
  #additions = 0;
  #nan = 0;
  #plus = 0;
  #minus = 0;

  add(x: number): void {
    float[0] = x;
    const high = words[HIGH]!;
    const biased = (high >>> 20) & 0x7ff;
    if (biased === 0x7ff) this.#count(x);
    else {
      // |x| = mantissa * 2^(exponent - 1074), exponent 0 for denormals: bit 0 of the mantissa is bit `position` of the sum.
      const position = Math.max(biased, 1) - 1 + (SCALE - 1074);
      const top = (high & 0xfffff) | (biased === 0 ? 0 : 0x100000);
      const low = words[LOW]!;
      const shift = position & 31;
      const k = position >> 5;
      const sign = high >>> 31 === 0 ? 1 : -1;
      const limbs = this.#limbs;
      limbs[k]! += sign * ((low << shift) >>> 0);
      limbs[k + 1]! += sign * (((top << shift) >>> 0) + (shift === 0 ? 0 : low >>> (32 - shift)));
      limbs[k + 2]! += sign * (shift === 0 ? 0 : top >>> (32 - shift));
      if (++this.#additions >= ADDITIONS_BEFORE_CARRY) this.#carry();
    }
  }

  merge(other: ExactAccumulator): void {
    other.#carry();
    this.#carry();
    for (let k = 0; k < LIMBS; k++) this.#limbs[k]! += other.#limbs[k]!;
    this.#additions = 2;
    this.#nan += other.#nan;
    this.#plus += other.#plus;
    this.#minus += other.#minus;
  }

  /** The sum rounded once, half to even; beyond the largest double an infinity. NaN where a NaN or both infinities were added. */
  value(): number {
    if (this.#nan > 0 || (this.#plus > 0 && this.#minus > 0)) return Number.NaN;
    if (this.#plus > 0) return Number.POSITIVE_INFINITY;
    if (this.#minus > 0) return Number.NEGATIVE_INFINITY;
    let total = 0n;
    for (let k = LIMBS - 1; k >= 0; k--) total = (total << 32n) + BigInt(this.#limbs[k]!);
    return total < 0n ? -rounded(-total) : rounded(total);
  }

  encode(): EncodedAccumulator {
    this.#carry();
    let start = 0;
    let end = LIMBS;
    while (start < end && this.#limbs[start] === 0) start++;
    while (end > start && this.#limbs[end - 1] === 0) end--;
    const limbs = this.#limbs.slice(start, end);
    return { start, limbs, nan: this.#nan, plus: this.#plus, minus: this.#minus };
  }

  /** @throws {IncrementError} for what no accumulator encodes to */
  static decode(encoded: unknown): ExactAccumulator {
    const { start, limbs, nan, plus, minus } = (encoded ?? {}) as Partial<Record<keyof EncodedAccumulator, unknown>>;
    const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
    if (!isCount(start) || !(limbs instanceof Float64Array) || !isCount(nan) || !isCount(plus) || !isCount(minus))
      throw new IncrementError('An exact sum in this increment is garbled.');
    if (start + limbs.length > LIMBS || limbs.some((limb) => !Number.isInteger(limb) || Math.abs(limb) > RADIX))
      throw new IncrementError('An exact sum in this increment does not fit.');
    const sum = new ExactAccumulator();
    sum.#limbs.set(limbs, start);
    sum.#nan = nan;
    sum.#plus = plus;
    sum.#minus = minus;
    return sum;
  }

  #count(x: number): void {
    if (Number.isNaN(x)) this.#nan++;
    else if (x > 0) this.#plus++;
    else this.#minus++;
  }

  /** Brings every limb but the last into [0, 2^32); the last keeps the sign. The form is then the only one of its value. */
  #carry(): void {
    const limbs = this.#limbs;
    let carry = 0;
    for (let k = 0; k < LIMBS - 1; k++) {
      const limb = limbs[k]! + carry;
      carry = Math.floor(limb / RADIX);
      limbs[k] = limb - carry * RADIX;
    }
    limbs[LIMBS - 1]! += carry;
    this.#additions = 0;
  }
}

/** A positive number of units of 2^-1088 as the nearest double, ties to even. */
function rounded(units: bigint): number {
  if (units === 0n) return 0;
  const bits = units.toString(16).length * 4; // up to 3 too many: corrected next
  const length = bits - (Math.clz32(Number.parseInt(units.toString(16)[0]!, 16)) - 28);
  const drop = Math.max(length - 53, SCALE - 1074); // a double keeps 53 bits, and none below 2^-1074
  let mantissa = units >> BigInt(drop);
  const rest = units - (mantissa << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
  const exponent = drop - SCALE;
  return exponent > 1000 ? Number.POSITIVE_INFINITY : Number(mantissa) * 2 ** exponent;
}
