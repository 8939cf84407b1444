/** A file of the data set as a table, from the nearest replica that opens. */
import { type FriendFile, openFriends } from '../../analysis/open-friends.js';
import type { OpenTable } from '../../analysis/program-runner.js';
import type { FileFacts, QueryFile } from '../../protocol/worker-messages.js';
import { openTableAt } from '../../rootio/open-table.js';
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
  const { root, table } = await openTableAt(file, storage);
  const opened = { table, close: () => root.close() };
  const isOnlyTree = async (): Promise<boolean> => {
    const trees = await root.tables();
    return trees.length === 1 && trees[0] === (file.tree ?? trees[0]);
  };
  const friendOf = ({ name, urls, tree }: FriendFile): Promise<OpenTable> =>
    openTable({ position: file.position, name, urls: [...urls], tree, friends: [] }, storage);
  return { ...(await openFriends(opened, file.name, file.friends, friendOf)), isOnlyTree };
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
