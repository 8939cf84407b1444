/** What a site needs to know of a pilot's JDL, whoever wrote it: the factory, or a person for `proof pilot submit`. */

import { booleanOf, type ClassAd, numberOf, parseJdl, stringOf, stringsOf } from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import { PILOT_EXECUTABLE } from './pilot-jdl.js';

export interface PilotOrder {
  readonly cores: number;
  /** All the cores of a node, of which it has at least `cores`. */
  readonly wholeNode: boolean;
  readonly ttlS: number;
  /** What JobTag says behind `comment:`. */
  readonly comment: string | null;
  readonly packages: readonly string[];
}

/** The JDL is none, or not one of a pilot: what is wrong in it, and what would be right. */
export class PilotJdlError extends GridError {
  readonly code = 'PROXY_PILOT_JDL';
}

const DEFAULT_TTL_S = 21_600; // AliEn's
const MAX_CORES = 4096;

/** @throws {PilotJdlError} */
export function readPilotJdl(text: string, site: string): PilotOrder {
  let ad: ClassAd;
  try {
    ({ ad } = parseJdl(text, { dialect: 'alien' }));
    const executable = stringOf(ad, 'Executable');
    if (executable === undefined || executable.split('/').at(-1) !== PILOT_EXECUTABLE)
      throw new PilotJdlError(
        `Site ${site} runs pilots: Executable must be "${PILOT_EXECUTABLE}", this JDL names ${executable ?? 'none'}. ` +
          `"proof pilot jdl ${site}" prints one to start from; other programs are jobs, for "proof submit".`,
      );
    const cores = numberOf(ad, 'CPUCores') ?? 1;
    const ttlS = numberOf(ad, 'TTL') ?? DEFAULT_TTL_S;
    if (!Number.isInteger(cores) || cores < 1 || cores > MAX_CORES)
      throw new PilotJdlError(`CPUCores must be a whole number from 1 to ${MAX_CORES}; it is ${cores}.`);
    if (ttlS < 60) throw new PilotJdlError(`TTL is in seconds and must be at least 60; it is ${ttlS}.`);
    const comment = (stringsOf(ad, 'JobTag') ?? [])
      .map((tag) => /^comment:\s*(.*)$/i.exec(tag)?.[1])
      .find((tag) => tag !== undefined);
    return {
      cores,
      wholeNode: booleanOf(ad, 'WholeNodes') ?? false,
      ttlS,
      comment: comment ?? null,
      packages: stringsOf(ad, 'Packages') ?? [],
    };
  } catch (cause) {
    if (cause instanceof PilotJdlError) throw cause;
    if (cause instanceof GridError)
      throw new PilotJdlError(`The pilot's JDL cannot be used: ${cause.message}`, { cause });
    throw cause;
  }
}
