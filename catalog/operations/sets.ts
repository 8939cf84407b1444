/**
 * Collections and data sets: named lists of files, URLs and other collections, in versions that cannot be changed once frozen.
 * A collection is an entry of the tree; a data set's name without a path is one in /datasets. `NAME@2` is its second version.
 */
import { type FriendSet, pairsSize } from '../../protocol/entry-list.js';
import { GridError } from '../../protocol/errors.js';
import { BadValueError, NameExistsError, NoSuchNameError, WrongKindError } from '../errors.js';
import type { GridDataset, GridFile } from '../grid/grid.js';
import { onceEach } from '../grid/once-each.js';
import { checkName, joinName, splitName } from '../names.js';
import type { Caller } from '../permissions.js';
import type { StoredFile } from '../store/file-store.js';
import type { SetMember, SetVersion } from '../store/set-store.js';
import type { Stores } from '../store/stores.js';
import type { Context } from './context.js';
import { FILE_MODE, makeDirectories, ownership } from './directories.js';
import { fileEntryAt, requireAccess } from './paths.js';
import { gridFile } from './reading.js';
import { appendMembers, type NewMember, treeOf } from './set-members.js';

export class NoSuchSetError extends GridError {
  readonly code = 'CATALOG_NO_SUCH_SET';
}
export class FrozenSetError extends GridError {
  readonly code = 'CATALOG_FROZEN';
}

const SETS_DIRECTORY = '/datasets';
const MAX_NESTING = 20;

export interface SetChange {
  readonly name: string;
  /** create: it must be new; add: behind what it has; replace: instead of that. */
  readonly how: 'create' | 'add' | 'replace';
  readonly members: readonly NewMember[];
  readonly tree?: string | null | undefined;
  readonly access?: string | undefined;
  readonly comment?: string | undefined;
  readonly friends?: readonly FriendSet[] | undefined;
}

/** `a/b@3` -> /datasets/a/b and 3. @throws {BadNameError}, {BadValueError} */
export function setName(name: string): { path: string; version: number | null } {
  const at = /^(.*)@(\d{1,9})$/s.exec(name);
  const base = at?.[1] ?? name;
  if (base === '') throw new BadValueError(name, 'name of a data set', 'it is empty');
  const path = checkName(base.startsWith('/') ? base : `${SETS_DIRECTORY}/${base}`);
  return { path, version: at === null ? null : Number(at[2]) };
}

/** A frozen version is never changed: a new one is made from it. */
export function changeSet(
  at: Context,
  caller: Caller,
  args: SetChange,
): { path: string; version: number; added: number } {
  const { stores, nowMs } = at;
  const { path, version: named } = setName(args.name);
  if (named !== null)
    throw new BadValueError(
      args.name,
      'data set to change',
      'versions are numbered by the catalog; name the set alone',
    );
  const collection = args.how === 'create' ? create(at, caller, path) : existing(stores, caller, path);
  requireAccess(caller, collection, 'write', path);
  const last = stores.sets.versions(collection.id).at(-1);
  const about = {
    tree: args.tree === undefined ? (last?.tree ?? null) : args.tree,
    access: args.access ?? last?.access ?? 'any',
    comment: args.comment ?? last?.comment ?? '',
    friends: args.friends ?? last?.friends ?? [],
  };
  let id = last?.id;
  let version = last?.version ?? 1;
  if (last === undefined || last.frozen !== null) {
    version = (last?.version ?? 0) + 1;
    id = stores.sets.addVersion(collection.id, { ...about, version, created: nowMs });
    if (last !== undefined && args.how === 'add') stores.sets.copyMembers(last.id, id);
  } else {
    stores.sets.describe(last.id, about);
    if (args.how === 'replace') stores.sets.clear(last.id);
  }
  const members = args.members.map((one) => (one.set === undefined ? one : { ...one, set: setName(one.set).path }));
  const added = appendMembers(stores, caller, { id: id!, tree: about.tree, collection }, members);
  return { path, version, added };
}

export function freezeSet(at: Context, caller: Caller, args: { name: string }): { path: string; version: number } {
  const { stores, nowMs } = at;
  const { path } = setName(args.name);
  const collection = existing(stores, caller, path);
  requireAccess(caller, collection, 'write', path);
  const last = stores.sets.versions(collection.id).at(-1)!;
  if (last.frozen !== null) throw new FrozenSetError(`Version ${last.version} of ${path} is frozen already.`);
  stores.sets.freeze(last.id, nowMs);
  return { path, version: last.version };
}

export interface Verified {
  readonly position: number;
  readonly state: 'ok' | 'missing' | 'corrupt';
  readonly entries?: number | undefined;
  readonly size?: number | undefined;
  readonly tree?: string | undefined;
}

/** What a verification found; facts, so also of a frozen version. */
export function recordVerified(
  { stores }: Context,
  caller: Caller,
  args: { name: string; found: readonly Verified[] },
): { recorded: number } {
  const { collection, version, path } = versionOf(stores, caller, args.name);
  requireAccess(caller, collection, 'write', path);
  for (const { position, ...found } of args.found) stores.sets.record(version.id, position, found);
  return { recorded: args.found.length };
}

export interface ShownMember {
  readonly position: number;
  /** Logical name, or URL. */
  readonly name: string;
  readonly kind: 'file' | 'collection' | 'url' | 'missing';
  readonly tree: string | null;
  readonly entries: number | null;
  readonly size: number | null;
  readonly state: string | null;
  /** How many entries an entry list selects; null: all. */
  readonly selected: number | null;
}

export interface ShownSet {
  readonly path: string;
  readonly version: number;
  readonly versions: readonly { readonly version: number; readonly frozen: string | null }[];
  readonly frozen: string | null;
  readonly tree: string | null;
  readonly access: string;
  readonly comment: string;
  readonly owner: string;
  readonly friends: readonly FriendSet[];
  /** Sums over all files, of their selected entries, those of nested sets too; null where one is unknown. */
  readonly files: number;
  readonly entries: number | null;
  readonly size: number | null;
  readonly members: readonly ShownMember[];
}

export function showSet(stores: Stores, caller: Caller, name: string): ShownSet {
  const { collection, version, path } = versionOf(stores, caller, name);
  requireAccess(caller, collection, 'read', path);
  const files = setFiles(stores, caller, name).files;
  const sum = (values: readonly (number | null)[]): number | null =>
    values.includes(null) ? null : values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const versions = stores.sets.versions(collection.id);
  return {
    path,
    version: version.version,
    versions: versions.map((one) => ({ version: one.version, frozen: iso(one.frozen) })),
    frozen: iso(version.frozen),
    tree: version.tree,
    access: version.access,
    comment: version.comment,
    owner: collection.owner,
    friends: version.friends,
    files: files.length,
    entries: sum(files.map(({ entries, selected }) => (selected ? pairsSize(selected) : entries))),
    size: sum(files.map(({ size }) => size)),
    members: stores.sets.members(version.id).map((member) => shown(stores, member, version.tree)),
  };
}

/**
 * The files of a set, nested ones in their place, each once with each of its trees; a URL's file has it as name. Files that are gone have
 * no replicas.
 */
export function setFiles(
  stores: Stores,
  caller: Caller,
  name: string,
  site?: string,
): GridDataset & { friends: readonly FriendSet[] } {
  const { collection, version, path } = versionOf(stores, caller, name);
  requireAccess(caller, collection, 'read', path);
  const files: GridFile[] = [];
  const walk = (one: SetVersion, trees: Trees, above: readonly number[]): void => {
    if (above.includes(one.id))
      throw new WrongKindError(`${path} holds itself, through the collections that it is made of.`);
    if (above.length > MAX_NESTING)
      throw new WrongKindError(`${path} has more than ${MAX_NESTING} sets in one another.`);
    const tree = one.tree ?? trees.outer;
    for (const member of stores.sets.members(one.id)) {
      const file = member.file === null ? undefined : stores.files.get(member.file);
      const forced = trees.forced ?? member.tree;
      if (file?.kind === 'collection')
        walk(stores.sets.versions(file.id).at(-1)!, { forced, outer: tree }, [...above, one.id]);
      else files.push(memberFile(stores, { ...member, tree: forced }, file, tree, site));
    }
  };
  walk(version, { forced: null, outer: null }, []);
  return { files: onceEach(files), tree: version.tree, friends: version.friends };
}

/** `dataset:NAME#TREE` inside a set forces the tree on all of NAME; the tree of a set is for files without another. */
interface Trees {
  readonly forced: string | null;
  readonly outer: string | null;
}

function memberFile(
  stores: Stores,
  member: SetMember,
  file: StoredFile | undefined,
  setTree: string | null,
  site: string | undefined,
): GridFile {
  const directory = file === undefined ? undefined : stores.directories.get(file.dir);
  const { entries, selected } = member;
  const tree = treeOf(stores, member, setTree);
  if (file === undefined || directory === undefined || directory.isRemoved) {
    const lfn = member.text ?? (file === undefined ? '?' : joinName(directory!.path, file.name));
    const replicas = lfn.startsWith('/') ? [] : [{ url: lfn, se: null, site: null }];
    return { lfn, size: member.size, checksum: null, entries, tree, replicas, selected };
  }
  const found = gridFile(stores, directory, file, site);
  return { ...found, tree, entries: entries ?? entriesOf(file, tree), selected };
}

/** The count that the catalog knows is that of the tree that it knows. */
function entriesOf({ tree, entries }: StoredFile, wanted: string | null): number | null {
  return tree === null || wanted === null || tree === wanted ? entries : null;
}

function create(at: Context, caller: Caller, path: string): StoredFile {
  const { stores, nowMs } = at;
  const { directory, base } = splitName(path);
  const { directory: dir } = makeDirectories(at, caller, directory);
  requireAccess(caller, dir, 'write', directory);
  const { owner, group } = ownership(caller);
  const owned = { owner: stores.words.intern(owner), group: stores.words.intern(group), mode: FILE_MODE };
  const id = stores.files.insert({ dir: dir.id, name: base }, { kind: 'collection' }, owned, nowMs);
  if (id === undefined) throw new NameExistsError(path, 'add to it, or replace it');
  return stores.files.get(id)!;
}

function existing(stores: Stores, caller: Caller, path: string): StoredFile {
  try {
    const { file } = fileEntryAt(stores, caller, path);
    if (file.kind === 'collection') return file;
  } catch (error) {
    if (error instanceof NoSuchNameError) throw new NoSuchSetError(error.message.replace('no ', 'no data set '));
    throw error;
  }
  throw new WrongKindError(`${path} is a file, no collection.`);
}

function versionOf(
  stores: Stores,
  caller: Caller,
  name: string,
): { collection: StoredFile; version: SetVersion; path: string } {
  const { path, version: wanted } = setName(name);
  const collection = existing(stores, caller, path);
  const versions = stores.sets.versions(collection.id);
  const version = wanted === null ? versions.at(-1) : versions.find((one) => one.version === wanted);
  if (version !== undefined) return { collection, version, path };
  throw new NoSuchSetError(
    `${path} has no version ${wanted}; it has ${versions.map((one) => one.version).join(', ')}.`,
  );
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function shown(stores: Stores, member: SetMember, setTree: string | null): ShownMember {
  const { position, state } = member;
  const tree = treeOf(stores, member, setTree);
  const selected = member.selected === null ? null : pairsSize(member.selected);
  const file = member.file === null ? undefined : stores.files.get(member.file);
  const directory = file === undefined ? undefined : stores.directories.get(file.dir);
  const entries = member.entries ?? (file === undefined ? null : entriesOf(file, tree));
  const size = member.size ?? file?.size ?? null;
  if (file === undefined || directory === undefined) {
    const name = member.text ?? '?';
    return { position, name, kind: name.startsWith('/') ? 'missing' : 'url', tree, entries, size, state, selected };
  }
  const name = joinName(directory.path, file.name);
  const kind = directory.isRemoved ? 'missing' : file.kind === 'collection' ? 'collection' : 'file';
  return { position, name, kind, tree, entries, size, state, selected };
}
