/** The same without system libraries: Node's zlib and packages that bring their own code. */
import { createRequire } from 'node:module';
import { inflateRawSync, inflateSync } from 'node:zlib';
import type { Algorithm, Codec } from './codec.js';
import { zstdWasm } from './zstd-wasm.js';

/** Node's import of these CommonJS packages loses names; `require` gives what their types say. */
const require = createRequire(import.meta.url);

export async function portableCodecs(): Promise<Record<Algorithm, Codec>> {
  return {
    zlib: nodeZlib(inflateSync),
    deflate: nodeZlib(inflateRawSync),
    zstd: await wasmZstd(),
    lz4: rustLz4(),
    lzma: rustLzma(),
  };
}

function nodeZlib(inflate: typeof inflateSync): Codec {
  return {
    library: 'node:zlib',
    decompress(input, out) {
      copyExactly(inflate(input, { maxOutputLength: out.length + 1 }), out);
    },
  };
}

async function wasmZstd(): Promise<Codec> {
  const zstd = await zstdWasm();
  return {
    library: '@bokuweb/zstd-wasm',
    decompress(input, out) {
      // It allocates what the frame claims, therefore the claim is looked at first.
      const claimed = zstdContentSize(input);
      if (claimed !== undefined && claimed !== BigInt(out.length))
        throw new Error(`its zstd frame holds ${claimed} bytes, not ${out.length}`);
      copyExactly(zstd.decompress(input as Buffer, { defaultHeapSize: out.length }), out);
    },
  };
}

/** The content size of a zstd frame header, where it has one. Source: RFC 8878, 3.1.1.1. */
function zstdContentSize(frame: Uint8Array): bigint | undefined {
  const descriptor = frame[4];
  if (descriptor === undefined) throw new Error('its zstd frame is cut short');
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const size = flag === 0 ? (single ? 1 : 0) : 1 << flag;
  if (size === 0) return undefined;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(frame[at + i] ?? 0);
  return size === 2 ? value + 256n : value;
}

function rustLz4(): Codec {
  const { uncompressSync } = require('lz4-napi') as typeof import('lz4-napi');
  let withSize = Buffer.alloc(0);
  return {
    library: 'lz4-napi',
    decompress(input, out) {
      if (withSize.length < input.length + 4) withSize = Buffer.allocUnsafe(input.length + 4);
      withSize.writeUInt32LE(out.length, 0);
      withSize.set(input, 4);
      copyExactly(uncompressSync(withSize.subarray(0, input.length + 4)), out);
    },
  };
}

function rustLzma(): Codec {
  const { xz } = require('@napi-rs/lzma') as typeof import('@napi-rs/lzma');
  return {
    library: '@napi-rs/lzma',
    decompress(input, out) {
      copyExactly(xz.decompressSync(input), out);
    },
  };
}

function copyExactly(from: Uint8Array, out: Uint8Array): void {
  if (from.length !== out.length) throw new Error(`it holds ${from.length} bytes, not ${out.length}`);
  out.set(from);
}
