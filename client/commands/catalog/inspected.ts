/** What `proof register --inspect` finds in files. */
import type { NewGridFile } from '../../../catalog/grid/grid.js';
import { inspectFile, treeOf } from '../../../catalog/grid/inspect-file.js';
import type { StorageOptions } from '../../../storage/storage-options.js';

export interface LookedInto {
  /** With what is in it, as far as it could be opened. */
  readonly file: NewGridFile;
  /** Sentences about it: why it could not be opened, or which trees it has. */
  readonly remarks: readonly string[];
  /** It could be opened, and has the tree that was named. */
  readonly isAsSaid: boolean;
}

export async function lookInto(
  file: NewGridFile,
  wanted: string | undefined,
  storage: StorageOptions,
): Promise<LookedInto> {
  const found = await inspectFile(
    file.replicas.map(({ url }) => url),
    storage,
  );
  if (found.error !== null) return { file, remarks: [`${file.lfn}: ${found.error}`], isAsSaid: false };
  const named = wanted ?? file.tree;
  const tree = treeOf(found, named);
  const trees = found.trees.length === 0 ? 'no tree' : `the trees ${found.trees.map(({ name }) => name).join(', ')}`;
  const remarks: string[] = [];
  if (tree === undefined && named !== undefined) remarks.push(`${file.lfn} has no tree ${named}, but ${trees}.`);
  else if (tree === undefined && found.trees.length > 1)
    remarks.push(`${file.lfn} has ${trees}; say which with --tree.`);
  return {
    file: { ...file, size: found.size ?? file.size, tree: tree?.name, entries: tree?.entries ?? file.entries },
    remarks,
    isAsSaid: tree !== undefined || named === undefined,
  };
}
