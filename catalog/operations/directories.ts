/** The tree as people change it: mkdir, mv, rm, chmod, chown, touch. Each runs in one write transaction of its caller. */
import {
  AccessDeniedError,
  BadValueError,
  NameExistsError,
  NoSuchNameError,
  NotEmptyError,
  WrongKindError,
} from '../errors.js';
import { checkName, joinName, splitName } from '../names.js';
import { type Caller, isOwner, mayUnlink } from '../permissions.js';
import { type Directory, ROOT_ID } from '../store/directory-store.js';
import type { Stores } from '../store/stores.js';
import type { Context } from './context.js';
import { directoryAt, type Entry, entryAt, fileEntryAt, pathOf, requireAccess, requireEntry } from './paths.js';
import { ensureRemovable, forgetFile } from './removal.js';

export const DIRECTORY_MODE = 0o755;
export const FILE_MODE = 0o644;

export function mkdir(at: Context, caller: Caller, args: { path: string; parents: boolean }): { created: number } {
  const path = checkName(args.path);
  if (args.parents) return { created: makeDirectories(at, caller, path).created };
  if (path === '/') throw new NameExistsError('/', 'it is the root');
  const { directory, base } = splitName(path);
  const parent = parentFor(at, caller, directory);
  if (at.stores.directories.child(parent, base) !== undefined) throw new NameExistsError(path, 'it is a directory');
  makeDirectory(at, caller, parent, base);
  return { created: 1 };
}

function parentFor({ stores }: Context, caller: Caller, path: string): Directory {
  try {
    return directoryAt(stores, caller, path);
  } catch (error) {
    if (!(error instanceof NoSuchNameError)) throw error;
    throw new NoSuchNameError(path, ' With -p (parents) it is made as well.');
  }
}

/** The directory of that name, made with all above it where they are missing. */
export function makeDirectories(at: Context, caller: Caller, path: string): { directory: Directory; created: number } {
  const existing = at.stores.directories.resolve(path);
  if (existing !== undefined) {
    requireEntry(at.stores, caller, existing);
    return { directory: existing, created: 0 };
  }
  const { directory: above, base } = splitName(path);
  const { directory: parent, created } = makeDirectories(at, caller, above);
  return { directory: makeDirectory(at, caller, parent, base), created: created + 1 };
}

function makeDirectory({ stores, nowMs }: Context, caller: Caller, parent: Directory, name: string): Directory {
  if (stores.files.child(parent.id, name) !== undefined)
    throw new WrongKindError(`${joinName(parent.path, name)} is a file; a directory is needed.`);
  requireAccess(caller, parent, 'write', parent.path);
  return stores.directories.insert(parent, name, { ...ownership(caller), mode: DIRECTORY_MODE }, nowMs);
}

/** What a new entry of the caller belongs to. */
export function ownership(caller: Caller): { owner: string; group: string } {
  return { owner: caller.user, group: caller.groups[0] ?? caller.user };
}

/** Renames; onto an existing directory it moves into it, as mv does. */
export function mv(at: Context, caller: Caller, args: { from: string; to: string }): { path: string } {
  const { stores, nowMs } = at;
  const source = entryAt(stores, caller, args.from);
  const from = pathOf(source);
  if (from === '/') throw new BadValueError('/', 'directory to move', 'it is the root');
  const wanted = checkName(args.to);
  const into = stores.directories.resolve(wanted);
  const target = into === undefined ? wanted : joinName(into.path, splitName(from).base);
  if (target === from) return { path: target };
  const { directory: above, base } = splitName(target);
  const parent = directoryAt(stores, caller, above);
  requireUnlink(stores, caller, source);
  requireAccess(caller, parent, 'write', parent.path);
  if (stores.directories.child(parent, base) !== undefined || stores.files.child(parent.id, base) !== undefined)
    throw new NameExistsError(target, 'remove it first, or choose another name');
  if (source.file !== null) {
    const { id } = source.file;
    const replicas = stores.replicas.list(source.file, source.directory.urlPath);
    stores.files.move(id, parent.id, base, nowMs);
    stores.replicas.keep(replicas, { id, name: base, urlPath: parent.urlPath });
    return { path: target };
  }
  for (let up: Directory | null = parent; up !== null; up = up.parent)
    if (up.id === source.directory.id) throw new BadValueError(target, `place for ${from}`, `it is below ${from}`);
  stores.directories.move(source.directory, parent, base);
  return { path: target };
}

export function rm(at: Context, caller: Caller, args: { path: string; recursive: boolean }): { removed: string } {
  const { stores } = at;
  const entry = entryAt(stores, caller, args.path);
  const path = pathOf(entry);
  if (path === '/') throw new BadValueError('/', 'directory to remove', 'it is the root');
  requireUnlink(stores, caller, entry);
  if (entry.file !== null) {
    forgetFile(stores, entry.file, path);
    return { removed: path };
  }
  const { directory } = entry;
  const one = { limit: 1 };
  const isEmpty =
    stores.files.children(directory.id, one).length === 0 && stores.directories.children(directory, one).length === 0;
  if (!isEmpty) {
    if (!args.recursive) throw new NotEmptyError(path);
    ensureRemovable(stores, caller, directory);
  }
  stores.directories.detach(directory);
  return { removed: path };
}

export function chmod(
  at: Context,
  caller: Caller,
  args: { path: string; mode: number; recursive: boolean },
): { changed: number } {
  return change(at, caller, args, (node) => ({ ...node, mode: args.mode }));
}

export function chown(
  at: Context,
  caller: Caller,
  args: { path: string; owner?: string | undefined; group?: string | undefined; recursive: boolean },
): { changed: number } {
  const { owner, group } = args;
  const givesAway = owner !== undefined && owner !== caller.user;
  const foreignGroup = group !== undefined && !caller.groups.includes(group);
  if (!caller.isAdmin && (givesAway || foreignGroup))
    throw new AccessDeniedError('Only an admin gives entries to another user or to a group that is not their own.');
  return change(at, caller, args, (node) => ({ ...node, owner: owner ?? node.owner, group: group ?? node.group }));
}

interface Ownership {
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

function change(
  at: Context,
  caller: Caller,
  args: { path: string; recursive: boolean },
  to: (node: Ownership) => Ownership,
): { changed: number } {
  const { stores, nowMs } = at;
  const changeOne = (entry: Entry): void => {
    const node = entry.file ?? entry.directory;
    if (!isOwner(caller, node))
      throw new AccessDeniedError(`${pathOf(entry)} belongs to ${node.owner}; only ${node.owner} may change that.`);
    const owned = to({ owner: node.owner, group: node.group, mode: node.mode });
    if (entry.file === null) stores.directories.change(entry.directory, owned, nowMs);
    else stores.files.change(entry.file.id, owned, nowMs);
  };
  const top = entryAt(stores, caller, args.path);
  let changed = 0;
  const visit = (directory: Directory): void => {
    for (const file of stores.files.children(directory.id, { limit: -1 })) {
      changeOne({ directory, file });
      changed++;
    }
    for (const child of stores.directories.children(directory, { limit: -1 })) visit(child);
    changeOne({ directory, file: null });
    changed++;
  };
  if (top.file === null && args.recursive) visit(top.directory);
  else {
    changeOne(top);
    changed = 1;
  }
  return { changed };
}

/** Sets the time of change; makes an empty file where there is none. */
export function touch(at: Context, caller: Caller, args: { path: string }): { path: string } {
  const { stores, nowMs } = at;
  const path = checkName(args.path);
  const { directory: above, base } = splitName(path);
  const directory = stores.directories.resolve(path);
  const parent = directory ?? directoryAt(stores, caller, above);
  if (directory === undefined && stores.files.child(parent.id, base) === undefined) {
    requireAccess(caller, parent, 'write', above);
    const owned = ownership(caller);
    const ids = { owner: stores.words.intern(owned.owner), group: stores.words.intern(owned.group) };
    stores.files.insert({ dir: parent.id, name: base }, { size: 0 }, { ...ids, mode: FILE_MODE }, nowMs);
    return { path };
  }
  const entry = directory === undefined ? fileEntryAt(stores, caller, path) : entryAt(stores, caller, path);
  const node = entry.file ?? entry.directory;
  requireAccess(caller, node, 'write', path);
  if (entry.file === null) stores.directories.change(entry.directory, entry.directory, nowMs);
  else stores.files.change(entry.file.id, entry.file, nowMs);
  return { path };
}

function requireUnlink(_stores: Stores, caller: Caller, entry: Entry): void {
  const holder = entry.file === null ? entry.directory.parent : entry.directory;
  if (holder === null || (entry.file === null && entry.directory.id === ROOT_ID)) return;
  requireAccess(caller, holder, 'write', holder.path);
  const node = entry.file ?? entry.directory;
  if (!mayUnlink(caller, holder, node))
    throw new AccessDeniedError(
      `Only ${node.owner} and ${holder.owner} may remove or rename ${pathOf(entry)}: ${holder.path} is sticky.`,
    );
}
