/** From names to entries, for a caller: what exists, what may be entered, and a helpful answer where nothing is. */
import { nearest } from '../../protocol/nearest.js';
import { AccessDeniedError, NoSuchNameError, WrongKindError } from '../errors.js';
import { checkName, joinName, splitName } from '../names.js';
import { type Access, type Caller, mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { StoredFile } from '../store/file-store.js';
import type { Stores } from '../store/stores.js';

export type Entry =
  | { readonly directory: Directory; readonly file: null }
  | { readonly directory: Directory; readonly file: StoredFile };

/** Siblings that are looked at for "did you mean". */
const SUGGESTED_FROM = 500;

/** @throws {NoSuchNameError}, {WrongKindError} a file, {AccessDeniedError} */
export function directoryAt(stores: Stores, caller: Caller, name: string): Directory {
  const path = checkName(name);
  const directory = stores.directories.resolve(path);
  if (directory === undefined) {
    const file = fileAt(stores, path);
    if (file === undefined) throw absent(stores, caller, path);
    requireEntry(stores, caller, file.directory);
    throw new WrongKindError(`${path} is a file; a directory is needed.`);
  }
  requireEntry(stores, caller, directory);
  return directory;
}

/** @throws {NoSuchNameError}, {AccessDeniedError} */
export function entryAt(stores: Stores, caller: Caller, name: string): Entry {
  const path = checkName(name);
  const directory = stores.directories.resolve(path);
  if (directory !== undefined) {
    requireEntry(stores, caller, directory.parent ?? directory);
    return { directory, file: null };
  }
  const found = fileAt(stores, path);
  if (found === undefined) throw absent(stores, caller, path);
  requireEntry(stores, caller, found.directory);
  return found;
}

/** A file or collection. @throws as entryAt, {WrongKindError} a directory */
export function fileEntryAt(stores: Stores, caller: Caller, name: string): { directory: Directory; file: StoredFile } {
  const entry = entryAt(stores, caller, name);
  if (entry.file === null) throw new WrongKindError(`${entry.directory.path} is a directory; a file is needed.`);
  return entry;
}

export function requireAccess(caller: Caller, node: Directory | StoredFile, access: Access, path: string): void {
  if (mayAccess(caller, node, access)) return;
  const mode = (node.mode & 0o7777).toString(8);
  throw new AccessDeniedError(
    `${caller.user} may not ${access} ${path}: it belongs to ${node.owner}:${node.group} with mode ${mode}. Ask ${node.owner}.`,
  );
}

export function requireEntry(stores: Stores, caller: Caller, directory: Directory): void {
  if (stores.directories.mayEnter(caller, directory)) return;
  let closed = directory;
  for (let at: Directory | null = directory; at !== null; at = at.parent)
    if (!mayAccess(caller, at, 'enter')) closed = at;
  throw new AccessDeniedError(`${caller.user} may not enter ${closed.path}.`);
}

/** That nothing has this name; where the caller may not look, what there is and what is not have the same answer. @throws {AccessDeniedError} */
export function absent(stores: Stores, caller: Caller, path: string): NoSuchNameError {
  let above = path;
  do above = splitName(above).directory;
  while (stores.directories.resolve(above) === undefined);
  requireEntry(stores, caller, stores.directories.resolve(above)!);
  return new NoSuchNameError(path, hintFor(stores, caller, path));
}

export function pathOf(entry: Entry): string {
  return entry.file === null ? entry.directory.path : joinName(entry.directory.path, entry.file.name);
}

function fileAt(stores: Stores, path: string): { directory: Directory; file: StoredFile } | undefined {
  if (path === '/') return undefined;
  const { directory: parent, base } = splitName(path);
  const directory = stores.directories.resolve(parent);
  const file = directory === undefined ? undefined : stores.files.child(directory.id, base);
  return directory === undefined || file === undefined ? undefined : { directory, file };
}

/** ` The nearest existing directory is X. Did you mean Y?`, as far as the caller may see. */
function hintFor(stores: Stores, caller: Caller, path: string): string {
  let missing = path;
  let above = '/';
  for (let at = path; at !== '/'; at = splitName(at).directory) {
    above = splitName(at).directory;
    missing = splitName(at).base;
    if (stores.directories.resolve(above) !== undefined) break;
  }
  const directory = stores.directories.resolve(above);
  if (directory === undefined || !stores.directories.mayEnter(caller, directory)) return '';
  const where = ` The nearest existing directory is ${above}.`;
  if (!mayAccess(caller, directory, 'read')) return where;
  const names = [
    ...stores.directories.children(directory, { limit: SUGGESTED_FROM }).map(({ name }) => name),
    ...stores.files.children(directory.id, { limit: SUGGESTED_FROM }).map(({ name }) => name),
  ];
  const similar = nearest(missing, names);
  return similar === undefined ? where : ` Did you mean ${joinName(above, similar)}?`;
}
