/**
 * Walks over the tree: everything below a directory, or what a pattern matches, in bytewise order of whole paths (or unsorted).
 * Generators over index ranges: nothing is held but one page a level, so a million names cost no memory. What the caller may
 * not read is left out.
 */

import type { Entry } from '../operations/paths.js';
import { isBefore, pageOf } from '../operations/reading.js';
import { type Caller, mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { StoredFile } from '../store/file-store.js';
import type { Stores } from '../store/stores.js';
import type { Level } from './pattern.js';

const PAGE = 512;

export interface Walk {
  readonly stores: Stores;
  readonly caller: Caller;
  /** In the order of the store, which costs no merging of files and directories: those of a directory first. */
  readonly isUnsorted?: boolean | undefined;
}

type WildLevel = Extract<Level, { kind: 'wild' }>;

/** All entries right in a directory whose key has the prefix. */
export function* children(walk: Walk, directory: Directory, prefix = ''): Generator<Entry> {
  if (!mayList(walk, directory)) return;
  // The least key that begins with the prefix is the prefix itself: ask for what is behind the key just before it.
  const before = prefix === '' ? '\u{10ffff}' : `${prefix}\u{10ffff}`;
  if (prefix !== '') {
    const file = walk.stores.files.child(directory.id, prefix);
    if (file !== undefined) yield { directory, file };
  }
  if (walk.isUnsorted) {
    yield* filesOf(walk, directory, { after: prefix, before });
    for (const child of directories(walk, directory, prefix)) yield { directory: child, file: null };
    return;
  }
  for (let after = prefix; ; ) {
    const page = pageOf(walk.stores, directory, { after, before, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.file === null ? `${last.directory.name}/` : last.file.name;
  }
}

/** What is known ahead of a directory: its file of the name that is sought, and whether directories are in it. */
export interface Ahead {
  readonly file: StoredFile | undefined;
  readonly isLeaf: boolean;
}

/** The directory's file of that name and its directories, in order, with what is ahead in each of those. */
export function* childrenNamed(
  walk: Walk,
  directory: Directory,
  name: string,
  ahead?: Ahead,
): Generator<{ entry: Entry; ahead: Ahead | undefined }> {
  if (!mayList(walk, directory)) return;
  let file = ahead === undefined ? walk.stores.files.child(directory.id, name) : ahead.file;
  for (const page of ahead?.isLeaf ? [] : directoryPages(walk, directory, '')) {
    const ids = page.map(({ id }) => id);
    const files = walk.stores.files.named(ids, name);
    const parents = walk.stores.directories.parents(ids);
    for (const child of page) {
      if (file !== undefined && isBefore(name, `${child.name}/`)) {
        yield { entry: { directory, file }, ahead: undefined };
        file = undefined;
      }
      const next = { file: files.get(child.id), isLeaf: !parents.has(child.id) };
      yield { entry: { directory: child, file: null }, ahead: next };
    }
  }
  if (file !== undefined) yield { entry: { directory, file }, ahead: undefined };
}

function mayList({ stores, caller }: Walk, directory: Directory): boolean {
  return mayAccess(caller, directory, 'read') && stores.directories.mayEnter(caller, directory);
}

/** The directory's files, and those of all directories below; with directories where they are asked for. */
export function* below(walk: Walk, directory: Directory): Generator<Entry> {
  for (const entry of children(walk, directory)) {
    yield entry;
    if (entry.file === null) yield* below(walk, entry.directory);
  }
}

/** Entries whose whole path matches. */
export function* matching(walk: Walk, levels: readonly Level[], from?: Directory): Generator<Entry> {
  const directory = from ?? walk.stores.directories.resolve('/')!;
  const [level, ...rest] = levels;
  if (level === undefined) {
    yield { directory, file: null };
    return;
  }
  const isLast = rest.length === 0;
  if (level.kind === 'literal') {
    if (!mayAccess(walk.caller, directory, 'enter')) return;
    const file = isLast ? walk.stores.files.child(directory.id, level.name) : undefined;
    if (file !== undefined) {
      yield { directory, file };
      return;
    }
    const child = walk.stores.directories.child(directory, level.name);
    if (child !== undefined) yield* matching(walk, rest, child);
    return;
  }
  const [next] = rest;
  if (rest.length === 1 && next?.kind === 'literal') {
    yield* namedBelow(walk, directory, level, next.name);
    return;
  }
  if (!isLast) {
    for (const child of directories(walk, directory, level.prefix))
      if (level.matches(child.name)) yield* matching(walk, rest, child);
    return;
  }
  for (const entry of children(walk, directory, level.prefix))
    if (level.matches(entry.file?.name ?? entry.directory.name)) yield entry;
}

/** `WILD/name`: the last two levels of many patterns, a page of directories at a time. */
function* namedBelow(walk: Walk, directory: Directory, level: WildLevel, name: string): Generator<Entry> {
  if (!mayList(walk, directory)) return;
  for (const page of directoryPages(walk, directory, level.prefix)) {
    const fitting = page.filter((child) => level.matches(child.name) && mayAccess(walk.caller, child, 'enter'));
    const files = walk.stores.files.named(
      fitting.map(({ id }) => id),
      name,
    );
    for (const child of fitting) {
      const file = files.get(child.id);
      const inner = file === undefined ? walk.stores.directories.child(child, name) : undefined;
      if (file !== undefined) yield { directory: child, file };
      else if (inner !== undefined) yield { directory: inner, file: null };
    }
  }
}

function* filesOf(walk: Walk, directory: Directory, range: { after: string; before: string }): Generator<Entry> {
  for (let { after } = range; ; ) {
    const page = walk.stores.files.children(directory.id, { ...range, after, limit: PAGE });
    for (const file of page) yield { directory, file };
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.name;
  }
}

/** As children, of directories alone: a level in the middle of a pattern need not look at files. */
function* directories(walk: Walk, directory: Directory, prefix: string): Generator<Directory> {
  if (mayList(walk, directory)) for (const page of directoryPages(walk, directory, prefix)) yield* page;
}

function* directoryPages(walk: Walk, directory: Directory, prefix: string): Generator<Directory[]> {
  const before = `${prefix}\u{10ffff}`;
  for (let after = prefix; ; ) {
    const page = walk.stores.directories.children(directory, { after, before, limit: PAGE });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = `${last.name}/`;
  }
}
