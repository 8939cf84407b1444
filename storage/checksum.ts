/** Checksums of a whole file, read in order, the next piece on its way while one is summed. */
import { createHash } from 'node:crypto';
import type { ByteSource } from './byte-source.js';
import { crc32c } from './crc32c.js';

export const CHECKSUM_KINDS = ['adler32', 'md5', 'crc32c'] as const;
export type ChecksumKind = (typeof CHECKSUM_KINDS)[number];

const PIECE_BYTES = 4 * 2 ** 20;

/** @returns lower-case hex, as grid catalogs write it. @throws {StorageError} of the reads */
export async function checksumOf(source: ByteSource, kind: ChecksumKind): Promise<string> {
  const sum = summer(kind);
  const pieceAt = (offset: number): Promise<Buffer> => source.read(offset, Math.min(PIECE_BYTES, source.size - offset));
  let next = pieceAt(0);
  for (let offset = 0; offset < source.size; offset += PIECE_BYTES) {
    const piece = await next;
    if (offset + PIECE_BYTES < source.size) next = pieceAt(offset + PIECE_BYTES);
    next.catch(() => {}); // awaited in the next round
    sum.update(piece);
  }
  return sum.hex();
}

interface Summer {
  update(bytes: Buffer): void;
  hex(): string;
}

const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

function summer(kind: ChecksumKind): Summer {
  switch (kind) {
    case 'md5': {
      const hash = createHash('md5');
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
    }
    case 'crc32c': {
      let crc = 0;
      return {
        update: (bytes) => {
          crc = crc32c(bytes, crc);
        },
        hex: () => hex32(crc),
      };
    }
    case 'adler32': {
      let sum = 1;
      return {
        update: (bytes) => {
          sum = adler32(bytes, sum);
        },
        hex: () => hex32(sum),
      };
    }
  }
}

const ADLER_MODULUS = 65_521;
/** So many bytes can be added before the sums leave 32 bits (RFC 1950, section 9). */
const ADLER_RUN = 5552;

function adler32(bytes: Buffer, before: number): number {
  let a = before & 0xffff;
  let b = before >>> 16;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + ADLER_RUN);
    for (; at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= ADLER_MODULUS;
    b %= ADLER_MODULUS;
  }
  return ((b << 16) | a) >>> 0;
}
