/** The kinds of numbers in columns: their sizes and their typed arrays. */
import type { NumberArray, NumberType } from './table.js';

const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export function bytesOf(type: NumberType): 1 | 2 | 4 | 8 {
  return ARRAYS[type].BYTES_PER_ELEMENT as 1 | 2 | 4 | 8;
}

/** The class of the typed array that holds such numbers. */
export function arrayClassOf(type: NumberType): NumberArray['constructor'] {
  return ARRAYS[type];
}

/** A new array of zeros. */
export function numberArray(type: NumberType, length: number): NumberArray {
  return new ARRAYS[type](length);
}

/** The array's own bytes, as a Buffer that shares them. */
export function bytesUnder(array: NumberArray): Buffer {
  return Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/** Turns big-endian items into this machine's order, in place; ROOT's baskets are big-endian, and so are no machines that Node runs on. */
export function swapItems(bytes: Buffer, itemBytes: 1 | 2 | 4 | 8): void {
  if (itemBytes === 2) bytes.swap16();
  else if (itemBytes === 4) bytes.swap32();
  else if (itemBytes === 8) bytes.swap64();
}
