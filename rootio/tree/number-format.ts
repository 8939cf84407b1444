/** How numbers lie in a basket: plain big-endian, or packed into fewer bits as Double32_t and Float16_t. */
import { bytesOf, bytesUnder, swapItems } from '../number-type.js';
import type { NumberArray, NumberType } from '../table.js';

export interface NumberFormat {
  readonly type: NumberType;
  /** Bytes of one number on disk. */
  readonly itemBytes: number;
  /** The bytes on disk become numbers by swapping alone: they may be decompressed where they are wanted. */
  readonly plain: boolean;
  /** Decodes `count` numbers from byte `begin` of `from` into `to`, from index `at`. */
  decode(from: Buffer, begin: number, count: number, to: NumberArray, at: number): void;
}

export function plainFormat(type: NumberType): NumberFormat {
  const itemBytes = bytesOf(type);
  return {
    type,
    itemBytes,
    plain: true,
    decode(from, begin, count, to, at) {
      const target = bytesUnder(to).subarray(at * itemBytes, (at + count) * itemBytes);
      from.copy(target, 0, begin, begin + count * itemBytes);
      swapItems(target, itemBytes);
    },
  };
}

/** Range and bits as in the brackets of a member's comment: `[min, max, bits]`, `[0, 0, bits]` or nothing. */
export interface Packing {
  readonly min: number;
  readonly max: number;
  readonly bits: number;
}

/** Double32_t without brackets is a 32-bit float on disk; Float16_t without is a truncated one of 12 bits. Source: TStreamerElement::GetRange. */
export function packedFormat(type: 'float32' | 'float64', packing: Packing | undefined): NumberFormat {
  const { min, max, bits } = packing ?? { min: 0, max: 0, bits: 32 };
  if (min < max) return scaledFormat(type, min, max, bits);
  if (bits < 15) return truncatedFormat(type, bits);
  return type === 'float64' ? halfFormat() : truncatedFormat(type, 12);
}

function halfFormat(): NumberFormat {
  return {
    type: 'float64',
    itemBytes: 4,
    plain: false,
    decode(from, begin, count, to, at) {
      for (let i = 0; i < count; i++) to[at + i] = from.readFloatBE(begin + 4 * i);
    },
  };
}

/** An unsigned integer that counts steps of the range. Source: ROOT, TBufferFile::ReadWithFactor. */
function scaledFormat(type: 'float32' | 'float64', min: number, max: number, bits: number): NumberFormat {
  const factor = (bits < 32 ? 2 ** bits : 0xffffffff) / (max - min);
  return {
    type,
    itemBytes: 4,
    plain: false,
    decode(from, begin, count, to, at) {
      for (let i = 0; i < count; i++) to[at + i] = min + from.readUInt32BE(begin + 4 * i) / factor;
    },
  };
}

/** One byte of exponent, two of sign and mantissa. Source: ROOT, TBufferFile::ReadWithNbits. */
function truncatedFormat(type: 'float32' | 'float64', bits: number): NumberFormat {
  const word = new DataView(new ArrayBuffer(4));
  const mantissa = 2 ** (bits + 1) - 1;
  const signBit = 2 ** (bits + 1);
  return {
    type,
    itemBytes: 3,
    plain: false,
    decode(from, begin, count, to, at) {
      for (let i = 0; i < count; i++) {
        const exponent = from[begin + 3 * i]!;
        const man = from.readUInt16BE(begin + 3 * i + 1);
        word.setInt32(0, (exponent << 23) | ((man & mantissa) << (23 - bits)));
        const value = word.getFloat32(0);
        to[at + i] = (man & signBit) !== 0 ? -value : value;
      }
    },
  };
}
