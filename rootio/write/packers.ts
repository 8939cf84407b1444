/**
 * One block of bytes made smaller, by the method of a file: with the system's library where koffi finds it, else with a
 * portable package, as compression/tier.ts chooses for reading. The same values come back either way; the bytes may differ.
 */
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import { type Library, NAMES, withLibrary } from '../compression/system.js';
import { codecs, type TierChoice, tierFromEnvironment } from '../compression/tier.js';
import { zstdWasm } from '../compression/zstd-wasm.js';
import { lzmaPacker } from './lzma-packer.js';
import { NoCompressorError } from './write-errors.js';

export type PackMethod = 'zlib' | 'zstd' | 'lz4' | 'lzma';

/** Fills `out` from its start. @returns bytes used, or 0 where they are not enough */
export type Pack = (block: Buffer, out: Buffer) => number;

const opened = new Map<string, Promise<Pack>>();

/**
 * The packer of a method, one a process for each level: libraries keep states of their own, which nobody would free.
 * @throws {NoCompressorError} LZMA without the system's liblzma
 */
export function openPacker(method: PackMethod, level: number, tier: TierChoice = tierFromEnvironment()): Promise<Pack> {
  const name = `${method} ${level} ${tier}`;
  const packer = opened.get(name) ?? loadPacker(method, level, tier);
  opened.set(name, packer);
  return packer;
}

async function loadPacker(method: PackMethod, level: number, tier: TierChoice): Promise<Pack> {
  const system = tier === 'portable' ? undefined : SYSTEM[method](level);
  const found = system ?? (await PORTABLE[method](level));
  return method === 'lz4' ? withChecksum(found, (await codecs(tier)).xxh64) : found;
}

/** From this level on LZ4 searches long, as ROOT has it. */
const LZ4_HIGH = 4;

const SYSTEM: Readonly<Record<PackMethod, (level: number) => Pack | undefined>> = {
  zlib: (level) =>
    withLibrary(NAMES.deflate, ({ fn }: Library) => {
      const compressor = fn('void *libdeflate_alloc_compressor(int level)')(level);
      const pack = fn('size_t libdeflate_zlib_compress(void *c, const void *in, size_t n, void *out, size_t room)');
      return (block, out) => Number(pack(compressor, block, block.length, out, out.length));
    }),
  zstd: (level) =>
    withLibrary(NAMES.zstd, ({ fn }: Library) => {
      const context = fn('void *ZSTD_createCCtx(void)')();
      const pack = fn(
        'size_t ZSTD_compressCCtx(void *ctx, void *out, size_t room, const void *in, size_t n, int level)',
      );
      const isError = fn('unsigned int ZSTD_isError(size_t code)');
      return (block, out) => {
        const length = pack(context, out, out.length, block, block.length, level);
        return isError(length) === 0 ? Number(length) : 0;
      };
    }),
  lz4: (level) =>
    withLibrary(NAMES.lz4, ({ fn }: Library) => {
      const fast = fn('int LZ4_compress_default(const void *in, void *out, int n, int room)');
      const high = fn('int LZ4_compress_HC(const void *in, void *out, int n, int room, int level)');
      return (block, out) =>
        Number(
          level < LZ4_HIGH
            ? fast(block, out, block.length, out.length)
            : high(block, out, block.length, out.length, level),
        );
    }),
  lzma: lzmaPacker,
};

/** Node's import of this CommonJS package loses names; `require` gives what its types say. */
const require = createRequire(import.meta.url);

const PORTABLE: Readonly<Record<PackMethod, (level: number) => Pack | Promise<Pack>>> = {
  // Pieces as long as the block and the largest tables: twice as fast as Node's own settings.
  zlib: (level) => (block, out) =>
    copied(deflateSync(block, { level, memLevel: 9, chunkSize: Math.max(64, block.length) }), out),
  zstd: async (level) => {
    const zstd = await zstdWasm();
    return (block, out) => copied(zstd.compress(block, level), out);
  },
  lz4: () => {
    const { compressSync } = require('lz4-napi') as typeof import('lz4-napi');
    // The package puts the uncompressed length in four bytes first.
    return (block, out) => copied(compressSync(block).subarray(4), out);
  },
  lzma: () => {
    throw new NoCompressorError('lzma', 'liblzma');
  },
};

function copied(packed: Uint8Array, out: Buffer): number {
  if (packed.length > out.length) return 0;
  out.set(packed);
  return packed.length;
}

/** ROOT's LZ4 blocks begin with a checksum of what follows. */
function withChecksum(pack: Pack, xxh64: (bytes: Uint8Array) => bigint): Pack {
  const CHECKSUM = 8;
  return (block, out) => {
    if (out.length <= CHECKSUM) return 0;
    const data = out.subarray(CHECKSUM);
    const length = pack(block, data);
    if (length === 0) return 0;
    out.writeBigUInt64BE(xxh64(data.subarray(0, length)));
    return length + CHECKSUM;
  };
}
