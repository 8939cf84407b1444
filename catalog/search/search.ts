/** `find` and `glob` as streams of JSON lines: what a query matches, in bytewise order, or in that of the store where it need not be sorted. */

import { type Entry, entryAt, pathOf } from '../operations/paths.js';
import { gridEntry, gridFile, stat } from '../operations/reading.js';
import { type Caller, mayAccess } from '../permissions.js';
import type { Stores } from '../store/stores.js';
import { parsePattern } from './pattern.js';
import { runQuery } from './query-run.js';
import { below, matching } from './walk.js';

/** What a line of the answer is: a name alone, an entry as in listings, all that stat tells, or a file with its replicas. */
export type LineShape = 'name' | 'entry' | 'stat' | 'file';

export function* globLines(
  stores: Stores,
  caller: Caller,
  args: {
    pattern: string;
    shape: LineShape;
    directories?: boolean | undefined;
    site?: string | undefined;
    limit?: number | undefined;
    offset?: number | undefined;
    unsorted?: boolean | undefined;
  },
): Generator<string> {
  const { offset = 0, limit = Number.POSITIVE_INFINITY, directories = false } = args;
  let i = 0;
  for (const entry of matching({ stores, caller, isUnsorted: args.unsorted }, parsePattern(args.pattern))) {
    if ((entry.file === null) !== directories || !isReadable(caller, entry)) continue;
    if (i >= offset + limit) return;
    if (i++ >= offset) yield line(stores, caller, entry, args);
  }
}

/** What a query finds; a page of it where limit and offset say so. */
export function* findLines(
  stores: Stores,
  caller: Caller,
  args: {
    query: string;
    shape: LineShape;
    directories?: boolean | undefined;
    site?: string | undefined;
    limit?: number | undefined;
    offset?: number | undefined;
    unsorted?: boolean | undefined;
  },
): Generator<string> {
  const { offset = 0, limit = Number.POSITIVE_INFINITY } = args;
  let i = 0;
  for (const entry of runQuery({ stores, caller, isUnsorted: args.unsorted }, args)) {
    if (!isReadable(caller, entry)) continue;
    if (i >= offset + limit) return;
    if (i++ >= offset) yield line(stores, caller, entry, args);
  }
}

export function line(
  stores: Stores,
  caller: Caller,
  entry: Entry,
  { shape, site }: { shape: LineShape; site?: string | undefined },
): string {
  if (shape === 'name') return JSON.stringify(pathOf(entry));
  if (shape === 'entry') return JSON.stringify(gridEntry(entry));
  if (shape === 'stat' || entry.file === null) return JSON.stringify(stat(stores, caller, pathOf(entry)));
  return JSON.stringify(gridFile(stores, entry.directory, entry.file, site));
}

/** May its replicas be told? */
export function isReadable(caller: Caller, entry: Entry): boolean {
  return mayAccess(caller, entry.file ?? entry.directory, 'read');
}

/** `ls -r`: everything below a directory. */
export function* listLines(
  stores: Stores,
  caller: Caller,
  args: { path: string; shape: LineShape },
): Generator<string> {
  const top = entryAt(stores, caller, args.path);
  if (top.file !== null) yield line(stores, caller, top, args);
  else for (const entry of below({ stores, caller }, top.directory)) yield line(stores, caller, entry, args);
}
