/** The files of a directory tree on any storage (local, XRootD, HTTP), as they would be registered below a logical directory. */
import { errorBody, GridError } from '../../protocol/errors.js';
import { listDirectory, statUrl } from '../../storage/directory.js';
import type { DirectoryEntry } from '../../storage/file-info.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { displayUrl } from '../../storage/url.js';
import type { NewGridFile } from './grid.js';

export interface ScanOptions {
  /** Logical directory that stands for the scanned one. */
  readonly below: string;
  readonly se?: string | undefined;
  /** Only names that this accepts. */
  readonly accepts?: (name: string) => boolean;
  /** Credentials for the storage. */
  readonly storage?: StorageOptions;
  /** Told, in a sentence, of what lies there and is not given: links to nothing or in a circle, directories that cannot be listed. */
  readonly onSkipped?: (sentence: string) => void;
}

/** Deeper than this nobody sorts files; links of a far storage that lead in a circle do. */
const DEEPEST = 100;

/** Depth first, by name. @throws {StorageError} `url` itself cannot be listed */
export async function* scanTree(url: string, options: ScanOptions): AsyncGenerator<NewGridFile> {
  const isLocal = /^(file:|\/)/i.test(url);
  const top = isLocal ? (await statUrl(url, options.storage)).identity : undefined;
  yield* scan(url, options, [top]);
}

/** @param above what the directories on the way are, this one included */
async function* scan(
  url: string,
  options: ScanOptions,
  above: readonly (string | undefined)[],
): AsyncGenerator<NewGridFile> {
  const prefix = options.below.replace(/\/+$/, '');
  for (const entry of await list(url, options, above.length === 1)) {
    const lfn = `${prefix}/${entry.name}`;
    if (!entry.isDirectory) {
      if (options.accepts?.(entry.name) ?? true)
        yield { lfn, size: entry.size, replicas: [{ url: entry.url, se: options.se }] };
      continue;
    }
    const why = whyNotInto(entry, above);
    if (why === null) yield* scan(entry.url, { ...options, below: lfn }, [...above, entry.identity]);
    else options.onSkipped?.(`${displayUrl(entry.url)} is left out: ${why}.`);
  }
}

function whyNotInto({ identity }: DirectoryEntry, above: readonly (string | undefined)[]): string | null {
  if (identity !== undefined && above.includes(identity)) return 'it is a link to a directory that it lies in';
  return above.length < DEEPEST ? null : `it lies ${DEEPEST} directories deep; links there may lead in a circle`;
}

async function list(url: string, { storage, onSkipped }: ScanOptions, isTop: boolean): Promise<DirectoryEntry[]> {
  const leftOut = (name: string, why: string): void =>
    onSkipped?.(`${displayUrl(url).replace(/\/+$/, '')}/${name} is left out: ${why}.`);
  try {
    return await listDirectory(url, storage, leftOut);
  } catch (error) {
    if (isTop || !(error instanceof GridError)) throw error;
    onSkipped?.(errorBody(error).message);
    return [];
  }
}
