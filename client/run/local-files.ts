/** The files of a query in this process: opened once for their entries, cut to the wanted window. */
import { EntryListError } from '../../analysis/errors.js';
import { type FriendFile, openFriends } from '../../analysis/open-friends.js';
import type { OpenTable } from '../../analysis/program-runner.js';
import { EntryList, pairsSize } from '../../protocol/entry-list.js';
import { GridError } from '../../protocol/errors.js';
import type { QueryResult } from '../../protocol/session-messages.js';
import { openRootFile } from '../../rootio/root-file.js';
import { storageOptionsFromEnvironment } from '../../storage/environment.js';
import { openSource } from '../../storage/open-source.js';
import { siblingOpener } from '../../storage/sibling.js';

/** A file of the data set as the look-up gives it. */
export interface LocalFile {
  readonly name: string;
  /** Empty: no copy of it can be used. */
  readonly urls: readonly string[];
  readonly tree: string | null;
  /** Pairs of an entry list (protocol/entry-list.ts); absent or null: all. */
  readonly selected?: readonly number[] | null | undefined;
  readonly friends?: readonly FriendFile[] | undefined;
}

/** The wanted entries [first, end) of one file. */
export interface FilePart {
  readonly file: LocalFile;
  readonly position: number;
  readonly first: number;
  readonly end: number;
  /** Of these the entries that are meant, as pairs; undefined: all. */
  readonly only?: readonly number[] | undefined;
  readonly clusters: readonly number[];
}

/** How many entries of a part or a packet are meant. */
export function entriesIn({ first, end, only }: Pick<FilePart, 'first' | 'end' | 'only'>): number {
  return only === undefined ? end - first : pairsSize(only);
}

/** @throws what opening throws; {WhichTableError} where a tree must be named */
export async function openTable(file: LocalFile): Promise<OpenTable> {
  const storage = storageOptionsFromEnvironment(process.env, process.getuid?.());
  const opened = await openRootFile(await openSource(file.urls, storage), {
    openFriend: siblingOpener(file.urls, storage),
  });
  let main: OpenTable;
  try {
    main = { table: await opened.table(file.tree ?? undefined), close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
  return openFriends(main, file.name, file.friends ?? [], openTable);
}

/** What of each file lies inside [first, first + entries) along the data set's order; files that cannot be opened are missing. */
export async function placeFiles(
  files: readonly LocalFile[],
  window: { readonly first: number; readonly entries: number | null },
): Promise<{ parts: FilePart[]; missing: QueryResult['missingFiles'] }> {
  const end = window.entries === null ? Number.POSITIVE_INFINITY : window.first + window.entries;
  const parts: FilePart[] = [];
  const missing: QueryResult['missingFiles'] = [];
  let at = 0;
  for (const [position, file] of files.entries()) {
    if (at >= end) break;
    if (file.urls.length === 0) {
      missing.push({ file: file.name, error: 'It has no replica that can be used; "proof whereis" says why.' });
      continue;
    }
    try {
      const { table, close } = await openTable(file);
      await close();
      const { clusters } = table;
      const list = file.selected ? new EntryList(file.selected) : null;
      const entries = list?.size ?? table.entries;
      if (list !== null && list.end > table.entries) throw new EntryListError(file.name, list.end - 1, table.entries);
      const from = Math.max(window.first, at) - at;
      const to = Math.min(end, at + entries) - at;
      if (from < to) {
        const range = list === null ? { first: from, end: to } : list.range(from, to);
        parts.push({ file, position, ...range, clusters });
      }
      at += entries;
    } catch (error) {
      // Not knowing which tree is meant, or lists and friends of other files, are the user's to mend: nothing is missing.
      if (!(error instanceof GridError) || USERS_MISTAKES.includes(error.code)) throw error;
      missing.push({ file: file.name, error: error.message });
    }
  }
  return { parts, missing };
}

const USERS_MISTAKES: readonly string[] = ['ROOT_WHICH_TABLE', 'ANALYSIS_ENTRY_LIST', 'ANALYSIS_FRIEND_SHORT'];
