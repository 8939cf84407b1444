/** Looks into files for what the catalog wants to know of them: size, trees, entry counts. */
import { errorBody, GridError } from '../../protocol/errors.js';
import { openRootFile } from '../../rootio/root-file.js';
import { fromSoundReplica } from '../../rootio/sound-replica.js';
import type { ByteSource } from '../../storage/byte-source.js';
import { CHECKSUM_KINDS, checksumOf } from '../../storage/checksum.js';
import { openSource } from '../../storage/open-source.js';
import type { StorageOptions } from '../../storage/storage-options.js';

export interface Inspected {
  /** missing: no replica can be opened; corrupt: it opens, but is no sound ROOT file. */
  readonly state: 'ok' | 'missing' | 'corrupt';
  /** Bytes; null unless it opened. */
  readonly size: number | null;
  /** `adler32:…`, where it was asked for and is of a kind that is computed here. */
  readonly checksum: string | null;
  readonly trees: readonly { readonly name: string; readonly entries: number }[];
  readonly error: string | null;
}

/**
 * @param urls replicas in order of preference
 * @param like a checksum of the kind that is to be computed, which reads the file whole
 * @param expected bytes, as the catalog knows them
 * Never throws for what is wrong with the file: `state` and `error` say it.
 */
export async function inspectFile(
  urls: readonly string[],
  storage?: StorageOptions,
  like?: string,
  expected?: number | null,
): Promise<Inspected> {
  let size: number | null = null;
  try {
    return await fromSoundReplica(urls, async (places) => {
      const source = await openSource(places, storage, expected);
      size = source.size;
      try {
        const checksum = await sumOf(source, like);
        const file = await openRootFile(source);
        const trees = [];
        for (const name of await file.tables()) trees.push({ name, entries: (await file.table(name)).entries });
        return { state: 'ok' as const, size, checksum, trees, error: null };
      } finally {
        await source.close();
      }
    });
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    const isMissing = size === null || error.code.startsWith('STORAGE_NO_SUCH');
    return {
      state: isMissing ? 'missing' : 'corrupt',
      size,
      checksum: null,
      trees: [],
      error: errorBody(error).message,
    };
  }
}

async function sumOf(source: ByteSource, like: string | undefined): Promise<string | null> {
  const kind = CHECKSUM_KINDS.find((one) => like?.startsWith(`${one}:`));
  return kind === undefined ? null : `${kind}:${await checksumOf(source, kind)}`;
}

/** The tree that is meant: the named one, else the only one. */
export function treeOf(
  found: Inspected,
  wanted: string | null | undefined,
): { name: string; entries: number } | undefined {
  if (wanted) return found.trees.find(({ name }) => name === wanted);
  return found.trees.length === 1 ? found.trees[0] : undefined;
}
