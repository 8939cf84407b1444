/**
 * Which library decompresses what, chosen once a process: the system's where koffi finds it, else the portable package.
 * `PROOF_COMPRESSION=portable` or `=system` forces one tier (system: an algorithm whose library is missing then has no codec but an error).
 */

import { ALGORITHMS, type Algorithm, type Codec, type Codecs } from './codec.js';
import { portableCodecs } from './portable.js';
import { systemCodecs } from './system.js';
import { xxh3 as portableXxh3 } from './xxh3.js';
import { xxhash64 } from './xxhash64.js';

export type TierChoice = 'auto' | 'system' | 'portable';

/** @throws nothing: a codec that cannot be had throws when it is used */
export async function chooseCodecs(choice: TierChoice): Promise<Codecs> {
  const system = choice === 'portable' ? { codecs: {}, hashes: {} } : systemCodecs();
  const missing = ALGORITHMS.some((algorithm) => system.codecs[algorithm] === undefined);
  const portable = choice === 'system' || !missing ? {} : await portableCodecs();
  const codecs = Object.fromEntries(
    ALGORITHMS.map((algorithm) => [
      algorithm,
      system.codecs[algorithm] ?? (portable as Partial<Record<Algorithm, Codec>>)[algorithm] ?? absent(algorithm),
    ]),
  ) as Record<Algorithm, Codec>;
  const xxh64 = system.hashes.xxh64 ?? ((input: Uint8Array) => xxhash64(asBuffer(input)).readBigUInt64BE(0));
  const xxh3 = system.hashes.xxh3 ?? ((input: Uint8Array) => portableXxh3(asBuffer(input)));
  return { ...codecs, xxh64, xxh3 };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function absent(algorithm: Algorithm): Codec {
  return {
    library: 'none',
    decompress() {
      throw new Error(
        `no system library for ${algorithm} was found, and PROOF_COMPRESSION=system forbids the portable one`,
      );
    },
  };
}

const chosen = new Map<TierChoice, Promise<Codecs>>();

/** The process's codecs: loading libraries twice would be waste. */
export function codecs(choice: TierChoice = tierFromEnvironment()): Promise<Codecs> {
  const known = chosen.get(choice) ?? chooseCodecs(choice);
  chosen.set(choice, known);
  return known;
}

export function tierFromEnvironment(): TierChoice {
  const value = process.env['PROOF_COMPRESSION'];
  return value === 'system' || value === 'portable' ? value : 'auto';
}
