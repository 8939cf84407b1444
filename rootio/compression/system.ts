/**
 * The system's own compression libraries through koffi: the speed of C without a compiler on the user's machine.
 * A library that is not installed is simply missing from the answer.
 */
import { createRequire } from 'node:module';
import type { Algorithm, Codec } from './codec.js';

const require = createRequire(import.meta.url);
/** Loaded when something is to be unpacked: most commands never do. */
export const koffi = (): typeof import('koffi') => require('koffi') as typeof import('koffi');

type Native = (...args: unknown[]) => number | bigint;
export interface Library {
  readonly name: string;
  fn(declaration: string): Native;
}

/** Names under which Linux and macOS know the libraries; the ABI number is part of the promise that the declarations below rest on. */
export const NAMES = {
  deflate: [
    'libdeflate.so.0',
    'libdeflate.0.dylib',
    '/opt/homebrew/lib/libdeflate.0.dylib',
    '/usr/local/lib/libdeflate.0.dylib',
  ],
  zstd: ['libzstd.so.1', 'libzstd.1.dylib', '/opt/homebrew/lib/libzstd.1.dylib', '/usr/local/lib/libzstd.1.dylib'],
  lz4: ['liblz4.so.1', 'liblz4.1.dylib', '/opt/homebrew/lib/liblz4.1.dylib', '/usr/local/lib/liblz4.1.dylib'],
  lzma: ['liblzma.so.5', 'liblzma.5.dylib', '/opt/homebrew/lib/liblzma.5.dylib', '/usr/local/lib/liblzma.5.dylib'],
  xxhash: [
    'libxxhash.so.0',
    'libxxhash.0.dylib',
    '/opt/homebrew/lib/libxxhash.0.dylib',
    '/usr/local/lib/libxxhash.0.dylib',
  ],
} as const;

/** Memory that a block may make liblzma use: ROOT's own presets stay below 100 MB. */
const LZMA_MEMORY = 512 * 1024 * 1024;

export interface SystemCodecs {
  readonly codecs: Partial<Record<Algorithm, Codec>>;
  readonly hashes: Partial<Record<'xxh64' | 'xxh3', (input: Uint8Array) => bigint>>;
}

export function systemCodecs(): SystemCodecs {
  const codecs: Partial<Record<Algorithm, Codec>> = {};
  withLibrary(NAMES.deflate, (library) => Object.assign(codecs, deflateCodecs(library)));
  withLibrary(NAMES.zstd, (library) => Object.assign(codecs, { zstd: zstdCodec(library) }));
  withLibrary(NAMES.lz4, (library) => Object.assign(codecs, { lz4: lz4Codec(library) }));
  withLibrary(NAMES.lzma, (library) => Object.assign(codecs, { lzma: lzmaCodec(library) }));
  const hashes = withLibrary(NAMES.xxhash, ({ fn }) => {
    const xxh64 = fn('uint64_t XXH64(const void *input, size_t length, uint64_t seed)');
    const xxh3 = fn('uint64_t XXH3_64bits(const void *input, size_t length)');
    return {
      xxh64: (input: Uint8Array): bigint => BigInt(xxh64(input, input.length, 0)),
      xxh3: (input: Uint8Array): bigint => BigInt(xxh3(input, input.length)),
    };
  });
  return { codecs, hashes: hashes ?? {} };
}

export function withLibrary<T>(names: readonly string[], use: (library: Library) => T): T | undefined {
  for (const name of names) {
    try {
      const lib = koffi().load(name);
      return use({ name, fn: (declaration) => lib.func(declaration) as unknown as Native });
    } catch {
      // Not installed here, or without that function: the next name, in the end the portable package.
    }
  }
  return undefined;
}

/** libdeflate.h: 0 success, 1 bad data, 2 short output, 3 insufficient space; a null last argument demands the exact length. */
function deflateCodecs({ name, fn }: Library): Record<'zlib' | 'deflate', Codec> {
  const decompressor = fn('void *libdeflate_alloc_decompressor(void)')();
  const parameters = '(void *d, const void *in, size_t inSize, void *out, size_t outSize, void *actual)';
  const codec = (decompress: Native): Codec => ({
    library: name,
    decompress(input, out) {
      const status = decompress(decompressor, input, input.length, out, out.length, null);
      if (status !== 0)
        throw new Error(status === 1 ? 'its deflate data is invalid' : `it does not hold exactly ${out.length} bytes`);
    },
  });
  return {
    zlib: codec(fn(`int libdeflate_zlib_decompress${parameters}`)),
    deflate: codec(fn(`int libdeflate_deflate_decompress${parameters}`)),
  };
}

function zstdCodec({ name, fn }: Library): Codec {
  const context = fn('void *ZSTD_createDCtx(void)')();
  const decompress = fn(
    'size_t ZSTD_decompressDCtx(void *ctx, void *out, size_t outSize, const void *in, size_t inSize)',
  );
  return {
    library: name,
    decompress(input, out) {
      const got = decompress(context, out, out.length, input, input.length);
      if (Number(got) !== out.length) throw new Error(`its zstd data is invalid or not exactly ${out.length} bytes`);
    },
  };
}

function lz4Codec({ name, fn }: Library): Codec {
  const decompress = fn('int LZ4_decompress_safe(const void *in, void *out, int inSize, int outSize)');
  return {
    library: name,
    decompress(input, out) {
      const got = decompress(input, out, input.length, out.length);
      if (got !== out.length) throw new Error(`its lz4 data is invalid or not exactly ${out.length} bytes`);
    },
  };
}

function lzmaCodec({ name, fn }: Library): Codec {
  const decode = fn(
    'int lzma_stream_buffer_decode(_Inout_ uint64_t *memory, uint32_t flags, const void *allocator, ' +
      'const void *in, _Inout_ size_t *inAt, size_t inSize, void *out, _Inout_ size_t *outAt, size_t outSize)',
  );
  return {
    library: name,
    decompress(input, out) {
      const outAt = [0];
      const status = decode([LZMA_MEMORY], 0, null, input, [0], input.length, out, outAt, out.length);
      if (status !== 0 || outAt[0] !== out.length)
        throw new Error(`its xz data is invalid or not exactly ${out.length} bytes (liblzma says ${status})`);
    },
  };
}
