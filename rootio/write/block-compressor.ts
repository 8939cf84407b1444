/**
 * Compression as ROOT frames it: blocks of at most 16 MB - 1, each with a nine-byte header (method, compressed and
 * uncompressed length, little-endian). Contents that do not shrink stay as they are, without any header.
 *
 * Source: ROOT, core/zip/src/RZip.cxx (header), core/lz4/src/ZipLZ4.cxx (checksum before LZ4 data).
 */
import { deflateSync } from 'node:zlib';
import { xxhash64 } from './xxhash64.js';

export type Compression = 'zlib' | 'zstd' | 'lz4' | 'lzma' | 'none';

export interface BlockCompressor {
  /** As TFile::fCompress: 100 * algorithm + level; 0 for none. */
  readonly settings: number;
  /** The framed blocks one after the other, or `contents` itself where they would not be shorter. */
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
  readonly load: () => Promise<(block: Buffer, level: number) => Uint8Array>;
}

const METHODS: Readonly<Record<Exclude<Compression, 'none'>, Method>> = {
  zlib: {
    tag: 'ZL',
    version: 8,
    algorithm: 1,
    defaultLevel: 1,
    load: async () => (block, level) => deflateSync(block, { level }),
  },
  lzma: {
    tag: 'XZ',
    version: 0,
    algorithm: 2,
    defaultLevel: 4,
    load: async () => {
      const { xz } = await import('@napi-rs/lzma');
      return (block) => xz.compressSync(block);
    },
  },
  lz4: {
    tag: 'L4',
    version: 1,
    algorithm: 4,
    defaultLevel: 1,
    load: async () => {
      const { compressSync } = await import('lz4-napi');
      return (block) => {
        // The package puts the length in four bytes first; ROOT wants a checksum of what follows.
        const packed = compressSync(block).subarray(4);
        return Buffer.concat([xxhash64(packed), packed]);
      };
    },
  },
  zstd: {
    tag: 'ZS',
    version: 1,
    algorithm: 5,
    defaultLevel: 3,
    load: async () => {
      const zstd = await import('@bokuweb/zstd-wasm');
      await zstd.init();
      return (block, level) => zstd.compress(block, level);
    },
  },
};

/** @param level 1 (fast) to 9 (small); each method has its usual one */
export async function openCompressor(compression: Compression, level?: number): Promise<BlockCompressor> {
  if (compression === 'none' || level === 0) return { settings: 0, compress: (contents) => contents };
  const method = METHODS[compression];
  const chosen = level ?? method.defaultLevel;
  const pack = await method.load();
  return {
    settings: 100 * method.algorithm + chosen,
    compress: (contents) => frame(contents, method, (block) => pack(block, chosen)),
  };
}

function frame(contents: Buffer, method: Method, pack: (block: Buffer) => Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let first = 0; first < contents.length; first += MAX_BLOCK) {
    const block = contents.subarray(first, first + MAX_BLOCK);
    const packed = pack(block);
    length += HEADER + packed.length;
    if (length >= contents.length || packed.length > MAX_BLOCK) return contents;
    parts.push(blockHeader(method, packed.length, block.length), packed);
  }
  return parts.length === 0 ? contents : Buffer.concat(parts, length);
}

function blockHeader(method: Method, packed: number, unpacked: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.write(method.tag, 'latin1');
  header[2] = method.version;
  header.writeUIntLE(packed, 3, 3);
  header.writeUIntLE(unpacked, 6, 3);
  return header;
}
