/** A file of the data set as a table, from the nearest replica that opens. */
import { type FriendFile, openFriends } from '../../analysis/open-friends.js';
import type { OpenTable } from '../../analysis/program-runner.js';
import type { FileFacts, QueryFile } from '../../protocol/worker-messages.js';
import { openRootFile, type RootFile } from '../../rootio/root-file.js';
import { fromSoundReplica } from '../../rootio/sound-replica.js';
import type { Table } from '../../rootio/table.js';
import { openSource } from '../../storage/open-source.js';
import { siblingOpener } from '../../storage/sibling.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { EntriesDifferError } from './errors.js';

export interface FileTable extends OpenTable {
  /** The file holds no other tree: what is known of this one is what the catalog may know of the file. */
  isOnlyTree(): Promise<boolean>;
}

/**
 * @param storage credentials, and who is told of replicas that fail
 * @throws what storage and rootio throw
 */
export async function openTable(file: QueryFile, storage: StorageOptions): Promise<FileTable> {
  const { root, table } = await fromSoundReplica(file.urls, (urls) => openMain({ ...file, urls: [...urls] }, storage));
  const opened = { table, close: () => root.close() };
  const isOnlyTree = async (): Promise<boolean> => {
    const trees = await root.tables();
    return trees.length === 1 && trees[0] === (file.tree ?? trees[0]);
  };
  const friendOf = ({ name, urls, tree }: FriendFile): Promise<OpenTable> =>
    openTable({ position: file.position, name, urls: [...urls], tree, friends: [] }, storage);
  return { ...(await openFriends(opened, file.name, file.friends, friendOf)), isOnlyTree };
}

async function openMain(
  { urls, size, tree }: QueryFile,
  storage: StorageOptions,
): Promise<{ root: RootFile; table: Table }> {
  const source = await openSource(urls, storage, size);
  let root: RootFile | undefined;
  try {
    root = await openRootFile(source, { openFriend: siblingOpener(urls, storage) });
    return { root, table: await root.table(tree ?? undefined) };
  } catch (error) {
    await (root ?? source).close();
    throw error;
  }
}

/**
 * @param entries what the table must have, else it is closed; null: anything
 * @throws {EntriesDifferError}
 */
export async function checkEntries({ name }: QueryFile, opened: OpenTable, entries: number | null): Promise<void> {
  if (entries === null || entries === opened.table.entries) return;
  await opened.close();
  throw new EntriesDifferError(name, entries, opened.table.entries);
}

export function factsOf({ table }: OpenTable): FileFacts {
  return { entries: table.entries, tree: table.name, clusters: [...table.clusters] };
}
