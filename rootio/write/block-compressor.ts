/**
 * Compression as ROOT frames it: blocks of at most 16 MB - 1, each with a nine-byte header (method, compressed and
 * uncompressed length, little-endian). Contents that do not shrink stay as they are, without any header.
 *
 * Source: ROOT, core/zip/src/RZip.cxx (header), core/zip/inc/Compression.h (numbers of the methods).
 */
import type { TierChoice } from '../compression/tier.js';
import { openPacker, type Pack, type PackMethod } from './packers.js';

export type Compression = PackMethod | 'none';

export interface BlockCompressor {
  /** As TFile::fCompress: 100 * algorithm + level; 0 for none. */
  readonly settings: number;
  /**
   * The framed blocks one after the other, or `contents` itself where they would not be shorter.
   * Valid until the next call.
   */
  compress(contents: Buffer): Buffer;
}

const MAX_BLOCK = 0xffffff;
const HEADER = 9;

interface Method {
  readonly tag: string;
  readonly version: number;
  /** ROOT's RCompressionSetting::EAlgorithm */
  readonly algorithm: number;
  readonly defaultLevel: number;
}

const METHODS: Readonly<Record<PackMethod, Method>> = {
  zlib: { tag: 'ZL', version: 8, algorithm: 1, defaultLevel: 1 },
  lzma: { tag: 'XZ', version: 0, algorithm: 2, defaultLevel: 4 },
  lz4: { tag: 'L4', version: 1, algorithm: 4, defaultLevel: 1 },
  zstd: { tag: 'ZS', version: 1, algorithm: 5, defaultLevel: 3 },
};

/**
 * @param level 1 (fast) to 9 (small), 0 for none; each method has its usual one
 * @param tier which libraries may be used: compression/tier.ts
 */
export async function openCompressor(
  compression: Compression,
  level?: number,
  tier?: TierChoice,
): Promise<BlockCompressor> {
  if (compression === 'none' || level === 0) return { settings: 0, compress: (contents) => contents };
  const method = METHODS[compression];
  const chosen = level ?? method.defaultLevel;
  const pack = await openPacker(compression, chosen, tier);
  let scratch = Buffer.allocUnsafe(1 << 16);
  return {
    settings: 100 * method.algorithm + chosen,
    compress: (contents) => {
      if (scratch.length < contents.length) scratch = Buffer.allocUnsafe(contents.length);
      // One byte less than before is what makes it worth while.
      const length = frame(contents, method, pack, scratch.subarray(0, Math.max(0, contents.length - 1)));
      return length === 0 ? contents : scratch.subarray(0, length);
    },
  };
}

/** @returns bytes used of `out`, 0 where they were not enough */
function frame(contents: Buffer, { tag, version }: Method, pack: Pack, out: Buffer): number {
  let at = 0;
  for (let first = 0; first < contents.length; first += MAX_BLOCK) {
    const block = contents.subarray(first, first + MAX_BLOCK);
    if (at + HEADER >= out.length) return 0;
    const packed = pack(block, out.subarray(at + HEADER));
    if (packed === 0 || packed > MAX_BLOCK) return 0;
    out.write(tag, at, 'latin1');
    out[at + 2] = version;
    out.writeUIntLE(packed, at + 3, 3);
    out.writeUIntLE(block.length, at + 6, 3);
    at += HEADER + packed;
  }
  return at;
}
