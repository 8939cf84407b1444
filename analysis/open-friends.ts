/**
 * Friends that a query names, beside those that a tree's own record names: each file of the data set has one file of each friend, and
 * their entries go together. Column `x` of the friend with the alias `f` is `f/x` (or `f.x`).
 */
import { FriendTable } from '../rootio/friend-table.js';
import { FriendTooShortError } from './errors.js';
import type { OpenTable } from './program-runner.js';

/** Where a friend's file is, as QueryFile and DatasetFriend have it. */
export interface FriendFile {
  readonly alias: string;
  readonly name: string;
  readonly urls: readonly string[];
  readonly tree: string | null;
}

/** Closing the result closes all. @throws what `open` throws; {FriendTooShortError} */
export async function openFriends(
  main: OpenTable,
  file: string,
  friends: readonly FriendFile[],
  open: (friend: FriendFile) => Promise<OpenTable>,
): Promise<OpenTable> {
  if (friends.length === 0) return main;
  const opened: OpenTable[] = [main];
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close();
  };
  try {
    const found: { alias: string; table: OpenTable['table'] }[] = [];
    for (const friend of friends) {
      const one = await open(friend);
      opened.push(one);
      if (one.table.entries < main.table.entries)
        throw new FriendTooShortError(friend, one.table.entries, file, main.table.entries);
      found.push({ alias: friend.alias, table: one.table });
    }
    return { table: new FriendTable(main.table, found), close };
  } catch (error) {
    await close();
    throw error;
  }
}
