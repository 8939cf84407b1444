/**
 * ROOT's compressed records: a row of blocks of at most 16 MiB - 1, each behind a header of nine bytes (algorithm, method,
 * compressed size, size; both sizes little-endian in three bytes). LZ4 blocks carry a checksum of their compressed bytes.
 * Source: ROOT, core/zip/src/RZip.cxx and core/lz4/src/ZipLZ4.cxx.
 */
import type { Algorithm, Codecs } from './codec.js';

const HEADER = 9;
const LZ4_CHECKSUM = 8;
const ALGORITHM_OF: Readonly<Record<string, Algorithm>> = {
  ZL: 'zlib',
  CS: 'deflate',
  XZ: 'lzma',
  L4: 'lz4',
  ZS: 'zstd',
};

/**
 * Fills `out` from `input`, the blocks of one record.
 *
 * @throws {Error} whose message says what is wrong, to be wrapped by the caller, who knows the place
 */
export function decompressBlocks(codecs: Codecs, input: Uint8Array, out: Uint8Array): void {
  let at = 0;
  let filled = 0;
  while (filled < out.length) {
    if (at + HEADER > input.length) throw new Error(`its compressed blocks end after ${filled} of ${out.length} bytes`);
    const algorithm = ALGORITHM_OF[String.fromCharCode(input[at]!, input[at + 1]!)];
    if (algorithm === undefined) throw new Error(`a block begins with no known compression (byte ${at} of the record)`);
    const packed = uint24(input, at + 3);
    const size = uint24(input, at + 6);
    const begin = at + HEADER;
    if (begin + packed > input.length) throw new Error(`a block of ${packed} bytes reaches over the record's end`);
    if (size === 0 || filled + size > out.length)
      throw new Error(`a block claims ${size} bytes where ${out.length - filled} are left`);
    const skip = algorithm === 'lz4' ? checkLz4(codecs, input, begin, packed) : 0;
    codecs[algorithm].decompress(input.subarray(begin + skip, begin + packed), out.subarray(filled, filled + size));
    at = begin + packed;
    filled += size;
  }
}

/** What the headers of the blocks claim in all: cheap, and checked before anything is allocated by a claimed size. */
export function claimedSize(input: Uint8Array): number {
  let claimed = 0;
  for (let at = 0; at + HEADER <= input.length; at += HEADER + uint24(input, at + 3)) {
    if (ALGORITHM_OF[String.fromCharCode(input[at]!, input[at + 1]!)] === undefined) break;
    claimed += uint24(input, at + 6);
  }
  return claimed;
}

function checkLz4(codecs: Codecs, input: Uint8Array, begin: number, packed: number): number {
  if (packed < LZ4_CHECKSUM) throw new Error('an lz4 block is too short for its checksum');
  const data = input.subarray(begin + LZ4_CHECKSUM, begin + packed);
  const stated = Buffer.from(input.buffer, input.byteOffset + begin, LZ4_CHECKSUM).readBigUInt64BE(0);
  if (codecs.xxh64(data) !== stated) throw new Error('the checksum of an lz4 block is wrong');
  return LZ4_CHECKSUM;
}

function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}
