/**
 * How the elements of a column lie in a page: little-endian, perhaps split into bytes of equal rank, zigzag, differences, or packed
 * into fewer bits. Source: BinaryFormatSpecification.md, "Column Description".
 */
import { bytesUnder, numberArray } from '../number-type.js';
import type { NumberArray, NumberType } from '../table.js';
import type { Column } from './schema.js';

interface PageType {
  readonly name: string;
  /** Of the decoded elements. Index and switch columns: positions, as float64 could not be exact but Number is up to 2^53. */
  readonly type: NumberType;
  readonly bits: number;
  readonly decode: (bytes: Buffer, count: number, column: Column) => NumberArray;
}

/** Copies: the page's bytes are reused. */
function raw(type: NumberType) {
  return (bytes: Buffer, count: number): NumberArray => {
    const out = numberArray(type, count);
    bytes.copy(bytesUnder(out), 0, 0, out.byteLength);
    return out;
  };
}

/** All first bytes, then all second bytes, and so on. */
function split(type: NumberType) {
  return (bytes: Buffer, count: number): NumberArray => {
    const out = numberArray(type, count);
    const target = bytesUnder(out);
    const width = out.BYTES_PER_ELEMENT;
    for (let rank = 0, from = 0; rank < width; rank++)
      for (let to = rank; to < target.length; to += width) target[to] = bytes[from++]!;
    return out;
  };
}

function splitZigzag(type: 'int16' | 'int32' | 'int64') {
  const unsplit = split(type);
  return (bytes: Buffer, count: number): NumberArray => {
    const out = unsplit(bytes, count);
    if (out instanceof BigInt64Array)
      for (let i = 0; i < count; i++) {
        const value = BigInt.asUintN(64, out[i]!);
        out[i] = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      }
    else {
      const numbers = out as Int32Array;
      const mask = type === 'int16' ? 0xffff : 0xffffffff;
      for (let i = 0; i < count; i++) {
        const value = (numbers[i]! & mask) >>> 0;
        numbers[i] = (value >>> 1) ^ -(value & 1);
      }
    }
    return out;
  };
}

function splitDelta(type: 'int32' | 'int64') {
  const unsplit = split(type);
  return (bytes: Buffer, count: number): NumberArray => {
    const out = unsplit(bytes, count);
    if (out instanceof BigInt64Array) for (let i = 1; i < count; i++) out[i] = out[i]! + out[i - 1]!;
    else for (let i = 1; i < count; i++) (out as Int32Array)[i]! += (out as Int32Array)[i - 1]!;
    return out;
  };
}

function bitmap(bytes: Buffer, count: number): NumberArray {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) out[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  return out;
}

/** IEEE 754 binary16. */
export function halfToNumber(half: number): number {
  const sign = (half & 0x8000) !== 0 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function half(unpack: (bytes: Buffer, count: number) => NumberArray) {
  return (bytes: Buffer, count: number): NumberArray =>
    Float32Array.from(unpack(bytes, count) as Uint16Array, halfToNumber);
}

/** Unsigned integers of `bits` bits each, the lowest bits first. */
function packed(bytes: Buffer, count: number, bits: number): Uint32Array {
  const out = new Uint32Array(count);
  for (let i = 0, at = 0; i < count; i++, at += bits) {
    let value = 0;
    for (let got = 0; got < bits; ) {
      const position = at + got;
      const take = Math.min(8 - (position & 7), bits - got);
      value += ((bytes[position >> 3]! >> (position & 7)) & ((1 << take) - 1)) * 2 ** got;
      got += take;
    }
    out[i] = value;
  }
  return out;
}

/** The highest bits of a float32; the others are zero. */
function truncated(bytes: Buffer, count: number, { bits }: Column): NumberArray {
  const words = packed(bytes, count, bits);
  for (let i = 0; i < count; i++) words[i] = words[i]! << (32 - bits);
  return new Float32Array(words.buffer);
}

function quantized(bytes: Buffer, count: number, { bits, min, max }: Column): NumberArray {
  const words = packed(bytes, count, bits);
  const steps = 2 ** bits - 1;
  return Float32Array.from(words, (word) => min + (word * (max - min)) / steps);
}

const page = (name: string, type: NumberType, bits: number, decode: PageType['decode']): PageType => ({
  name,
  type,
  bits,
  decode,
});

export const SWITCH = 0x10;
/** By the number of the specification. 0x10, the switch of a variant, is read by itself. */
const PAGE_TYPES: Readonly<Record<number, PageType>> = {
  0: page('Bit', 'bool', 1, bitmap),
  1: page('Byte', 'uint8', 8, raw('uint8')),
  2: page('Char', 'uint8', 8, raw('uint8')),
  3: page('Int8', 'int8', 8, raw('int8')),
  4: page('UInt8', 'uint8', 8, raw('uint8')),
  5: page('Int16', 'int16', 16, raw('int16')),
  6: page('UInt16', 'uint16', 16, raw('uint16')),
  7: page('Int32', 'int32', 32, raw('int32')),
  8: page('UInt32', 'uint32', 32, raw('uint32')),
  9: page('Int64', 'int64', 64, raw('int64')),
  10: page('UInt64', 'uint64', 64, raw('uint64')),
  11: page('Real16', 'float32', 16, half(raw('uint16'))),
  12: page('Real32', 'float32', 32, raw('float32')),
  13: page('Real64', 'float64', 64, raw('float64')),
  14: page('Index32', 'int32', 32, raw('int32')),
  15: page('Index64', 'int64', 64, raw('int64')),
  17: page('SplitInt16', 'int16', 16, splitZigzag('int16')),
  18: page('SplitUInt16', 'uint16', 16, split('uint16')),
  19: page('SplitInt32', 'int32', 32, splitZigzag('int32')),
  20: page('SplitUInt32', 'uint32', 32, split('uint32')),
  21: page('SplitInt64', 'int64', 64, splitZigzag('int64')),
  22: page('SplitUInt64', 'uint64', 64, split('uint64')),
  23: page('SplitReal16', 'float32', 16, half(split('uint16'))),
  24: page('SplitReal32', 'float32', 32, split('float32')),
  25: page('SplitReal64', 'float64', 64, split('float64')),
  26: page('SplitIndex32', 'int32', 32, splitDelta('int32')),
  27: page('SplitIndex64', 'int64', 64, splitDelta('int64')),
  28: page('Real32Trunc', 'float32', 0, truncated),
  29: page('Real32Quant', 'float32', 0, quantized),
};

/** Two words of a switch column: the position in the chosen alternative (64 bits), which alternative (32 bits; 0 is none). */
const SWITCH_BITS = 96;

export function numberTypeOf(column: Column): NumberType | undefined {
  return PAGE_TYPES[column.type]?.type;
}

/** Bytes that `count` elements take, or undefined for an unknown type. */
export function pageBytes(column: Column, count: number): number | undefined {
  const known = column.type === SWITCH ? SWITCH_BITS : PAGE_TYPES[column.type]?.bits;
  if (known === undefined) return undefined;
  const bits = known === 0 ? column.bits : known;
  return bits >= 1 ? Math.ceil((bits * count) / 8) : undefined;
}

/** @param bytes of the page, decompressed. A switch column gives its raw bytes */
export function decodePage(column: Column, bytes: Buffer, count: number): NumberArray {
  if (column.type === SWITCH) return Uint8Array.from(bytes);
  return PAGE_TYPES[column.type]!.decode(bytes, count, column);
}
