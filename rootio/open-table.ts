/** One table of a file that has replicas: of the first replica that is sound. */
import { openSource } from '../storage/open-source.js';
import { siblingOpener } from '../storage/sibling.js';
import type { StorageOptions } from '../storage/storage-options.js';
import { openRootFile, type RootFile } from './root-file.js';
import { fromSoundReplica } from './sound-replica.js';
import type { Table } from './table.js';

export interface TablePlace {
  /** Replicas, the preferred one first. */
  readonly urls: readonly string[];
  /** Bytes, where they are known: of several replicas those that have another number are passed over. */
  readonly size?: number | null | undefined;
  /** Null: the file's only one. */
  readonly tree: string | null;
}

/** Closing `root` closes all; where this throws nothing is left open. @throws what storage and rootio throw */
export function openTableAt(
  { urls, size, tree }: TablePlace,
  storage: StorageOptions,
): Promise<{ root: RootFile; table: Table }> {
  return fromSoundReplica(urls, async (places) => {
    const source = await openSource(places, storage, size);
    let root: RootFile | undefined;
    try {
      root = await openRootFile(source, { openFriend: siblingOpener(places, storage) });
      return { root, table: await root.table(tree ?? undefined) };
    } catch (error) {
      await (root ?? source).close();
      throw error;
    }
  });
}
