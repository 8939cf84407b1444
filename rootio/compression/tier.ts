/**
 * Which library decompresses what, chosen once a process: the system's where koffi finds it, else the portable package.
 * `PROOF_COMPRESSION=portable` or `=system` forces one tier (system: an algorithm whose library is missing then has no codec but an error).
 */
import { ALGORITHMS, type Algorithm, type Codec, type Codecs } from './codec.js';
import { portableCodecs } from './portable.js';
import { systemCodecs } from './system.js';
import { xxh64 as portableXxh64 } from './xxh64.js';

export type TierChoice = 'auto' | 'system' | 'portable';

/** @throws nothing: a codec that cannot be had throws when it is used */
export async function chooseCodecs(choice: TierChoice): Promise<Codecs> {
  const system = choice === 'portable' ? { codecs: {} } : systemCodecs();
  const missing = ALGORITHMS.some((algorithm) => system.codecs[algorithm] === undefined);
  const portable = choice === 'system' || !missing ? {} : await portableCodecs();
  const codecs = Object.fromEntries(
    ALGORITHMS.map((algorithm) => [
      algorithm,
      system.codecs[algorithm] ?? (portable as Partial<Record<Algorithm, Codec>>)[algorithm] ?? absent(algorithm),
    ]),
  ) as Record<Algorithm, Codec>;
  return { ...codecs, xxh64: system.xxh64 ?? portableXxh64 };
}

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
