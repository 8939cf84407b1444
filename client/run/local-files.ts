/** The files of a query in this process: opened once for their entries, cut to the wanted window. */
import { EntryListError } from '../../analysis/errors.js';
import { type FriendFile, openFriends } from '../../analysis/open-friends.js';
import type { OpenTable } from '../../analysis/program-runner.js';
import { EntryList, pairsSize } from '../../protocol/entry-list.js';
import { GridError } from '../../protocol/errors.js';
import type { QueryResult } from '../../protocol/session-messages.js';
import { openTableAt } from '../../rootio/open-table.js';
import { storageOptionsFromEnvironment } from '../../storage/environment.js';

const OPENED_AT_ONCE = 8;

/** A file of the data set as the look-up gives it. */
export interface LocalFile {
  readonly name: string;
  /** Empty: no copy of it can be used. */
  readonly urls: readonly string[];
  readonly tree: string | null;
  /** Bytes, as the catalog knows them; absent or null: nobody does. */
  readonly size?: number | null | undefined;
  /** As the catalog knows them; absent or null: nobody does. */
  readonly entries?: number | null | undefined;
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
  const { root, table } = await openTableAt(file, storage);
  return openFriends({ table, close: () => root.close() }, file.name, file.friends ?? [], openTable);
}

/** The catalog and the file do not agree: one of them is not what the user means. */
class EntriesDifferError extends GridError {
  readonly code = 'CLIENT_ENTRIES_DIFFER';
}

/** The catalog knows of no copy that can be used. */
class NoPlaceError extends GridError {
  readonly code = 'CLIENT_NO_REPLICA';
}

export interface PlacedFiles {
  readonly parts: readonly FilePart[];
  readonly missing: QueryResult['missingFiles'];
  /** Wanted entries of missing files, as far as somebody knows how many those have. */
  readonly lost: number;
  readonly isTotalKnown: boolean;
}

/**
 * What of each file lies inside [first, first + entries) along the data set's order. Files that cannot be opened are missing; with unknown
 * entries they count as empty, as on the pool.
 */
export async function placeFiles(
  files: readonly LocalFile[],
  window: { readonly first: number; readonly entries: number | null },
): Promise<PlacedFiles> {
  const end = window.entries === null ? Number.POSITIVE_INFINITY : window.first + window.entries;
  const parts: FilePart[] = [];
  const missing: QueryResult['missingFiles'] = [];
  let [at, lost, isTotalKnown] = [0, 0, true];
  const inWindow = (entries: number): { from: number; to: number } => ({
    from: Math.max(window.first, at) - at,
    to: Math.min(end, at + entries) - at,
  });
  const lose = (file: LocalFile, error: string): void => {
    missing.push({ file: file.name, error });
    const entries = file.selected ? pairsSize(file.selected) : (file.entries ?? null);
    isTotalKnown &&= entries !== null;
    const { from, to } = inWindow(entries ?? 0);
    lost += Math.max(0, to - from);
    at += entries ?? 0;
  };
  const looks: Look[] = [];
  for (const [position, file] of files.entries()) {
    if (at >= end) break;
    // Some ahead: the servers of far files answer after a while.
    if (position === looks.length)
      looks.push(...(await Promise.all(files.slice(position, position + OPENED_AT_ONCE).map(lookInto))));
    try {
      const { entries, clusters } = looks[position]!();
      const list = file.selected ? new EntryList(file.selected) : null;
      if (list !== null && list.end > entries) throw new EntryListError(file.name, list.end - 1, entries);
      const { from, to } = inWindow(list?.size ?? entries);
      if (from < to) {
        const range = list === null ? { first: from, end: to } : list.range(from, to);
        parts.push({ file, position, ...range, clusters });
      }
      at += list?.size ?? entries;
    } catch (error) {
      // Not knowing which tree is meant, or lists and friends of other files, are the user's to mend: nothing is missing.
      if (!(error instanceof GridError) || USERS_MISTAKES.includes(error.code)) throw error;
      lose(file, error.message);
    }
  }
  return { parts, missing, lost, isTotalKnown };
}

/** What was found. @throws what opening threw; {EntriesDifferError} {NoPlaceError} */
type Look = () => { readonly entries: number; readonly clusters: readonly number[] };

async function lookInto(file: LocalFile): Promise<Look> {
  try {
    const found = await entriesAndClusters(file);
    return () => found;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

async function entriesAndClusters(file: LocalFile): Promise<ReturnType<Look>> {
  if (file.urls.length === 0) throw new NoPlaceError('It has no replica that can be used; "proof whereis" says why.');
  const { table, close } = await openTable(file);
  await close();
  const { entries, clusters } = table;
  if (typeof file.entries === 'number' && file.entries !== entries)
    throw new EntriesDifferError(
      `${file.name} has ${entries} entries, but ${file.entries} are on record for it. Register the file again with what it holds.`,
    );
  return { entries, clusters };
}

const USERS_MISTAKES: readonly string[] = ['ROOT_WHICH_TABLE', 'ANALYSIS_ENTRY_LIST', 'ANALYSIS_FRIEND_SHORT'];
