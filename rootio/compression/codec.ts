/** What one compression algorithm of ROOT must do for us, and the five that there are. */

/** As in the two letters before each compressed block. `deflate` is the old `CS`, before ROOT 2.24 or so. */
export type Algorithm = 'zlib' | 'deflate' | 'lzma' | 'lz4' | 'zstd';
export const ALGORITHMS: readonly Algorithm[] = ['zlib', 'deflate', 'lzma', 'lz4', 'zstd'];

export interface Codec {
  /** The library at work, as `libdeflate.so.0` or `node:zlib`. */
  readonly library: string;
  /** Fills `out` exactly from `input`. @throws {Error} with the reason, where the data does not give exactly `out.length` bytes */
  decompress(input: Uint8Array, out: Uint8Array): void;
}

export type Codecs = Readonly<Record<Algorithm, Codec>> & {
  /** xxHash64 with seed 0: ROOT's checksum of LZ4 blocks. */
  readonly xxh64: (input: Uint8Array) => bigint;
  /** XXH3 of 64 bits: the checksum of RNTuples. */
  readonly xxh3: (input: Uint8Array) => bigint;
};
