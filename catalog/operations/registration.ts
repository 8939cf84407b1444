/**
 * Registration: names, facts and replicas of files, one by one or by the million. Registering the same again changes nothing,
 * so a list that broke off may simply be sent again; what is new of a known file (a replica, an entry count) is added.
 */
import { GridError } from '../../protocol/errors.js';
import { BadValueError, NameExistsError } from '../errors.js';
import type { LearntFact, NewGridFile } from '../grid/grid.js';
import { checkName, splitName } from '../names.js';
import { type Caller, mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { StorageElement } from '../store/element-store.js';
import type { FileFacts, PackedReplica, StoredFile } from '../store/file-store.js';
import type { ReplicaHolder } from '../store/replica-store.js';
import type { Stores } from '../store/stores.js';
import { normalUrl } from '../url.js';
import type { Context } from './context.js';
import { FILE_MODE, makeDirectories, ownership } from './directories.js';
import { fileEntryAt, requireAccess } from './paths.js';

export interface RegistrationFailure {
  /** Position in the list, from 0. */
  readonly index: number;
  readonly lfn: string;
  readonly code: string;
  readonly message: string;
}

export interface RegistrationReport {
  registered: number;
  /** Known before; something new was added. */
  updated: number;
  unchanged: number;
  failed: RegistrationFailure[];
}

/** Good ones are registered, the others reported. The caller wraps it in a transaction. */
export function register(
  at: Context,
  caller: Caller,
  args: { files: readonly NewGridFile[]; firstIndex?: number },
): RegistrationReport {
  const registrar = new Registrar(at, caller);
  const report: RegistrationReport = { registered: 0, updated: 0, unchanged: 0, failed: [] };
  args.files.forEach((file, i) => {
    try {
      report[registrar.register(file)]++;
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      const index = (args.firstIndex ?? 0) + i;
      report.failed.push({ index, lfn: file.lfn, code: error.code, message: error.message });
    }
  });
  return report;
}

/** Blanks are characters of file names, and XRootD's URLs are not encoded. */
const URL_SHAPE = /^[a-z][a-z0-9+.-]*:\/[^\u0000-\u001f\u007f]*[^/\u0000-\u0020\u007f]$/i;
const MAX_URL_LENGTH = 8000;

/** Registers files one after the other, within one transaction of its caller. */
export class Registrar {
  readonly #at: Context;
  readonly #caller: Caller;
  readonly #owned: { owner: number; group: number; mode: number };
  /** Files of one directory come together: it is looked up and checked once. */
  #directory: Directory | undefined;
  #directoryPath = '';

  constructor(at: Context, caller: Caller) {
    this.#at = at;
    this.#caller = caller;
    const { owner, group } = ownership(caller);
    const { words } = at.stores;
    this.#owned = { owner: words.intern(owner), group: words.intern(group), mode: FILE_MODE };
  }

  register(file: NewGridFile): 'registered' | 'updated' | 'unchanged' {
    const { stores, nowMs } = this.#at;
    const path = checkName(file.lfn);
    if (path === '/') throw new BadValueError('/', 'name of a file', 'it is the root directory');
    for (const { url, se } of file.replicas) checkReplica(this.#at, url, se);
    const { directory, base } = splitName(path);
    const dir = this.#writable(directory);
    const { urlPath } = dir;
    const facts = factsOf(file);
    const [one, ...others] = file.replicas;
    const first = one === undefined ? undefined : this.#packed({ name: base, urlPath }, one.url, one.se);
    const id = stores.files.insert({ dir: dir.id, name: base }, facts, this.#owned, nowMs, first);
    if (id === undefined) return this.#add(dir, base, path, file, facts);
    const place = { id, name: base, urlPath };
    for (const { url, se } of others) this.#addReplica(place, url, se);
    if (file.member !== undefined) this.#link(place, path, file.member);
    return 'registered';
  }

  #writable(path: string): Directory {
    if (this.#directory !== undefined && this.#directoryPath === path) return this.#directory;
    const { directory } = makeDirectories(this.#at, this.#caller, path);
    requireAccess(this.#caller, directory, 'write', path);
    this.#directory = directory;
    this.#directoryPath = path;
    return directory;
  }

  #add(dir: Directory, name: string, path: string, given: NewGridFile, facts: FileFacts): 'updated' | 'unchanged' {
    const { stores } = this.#at;
    const known = stores.files.child(dir.id, name);
    if (known === undefined) throw new NameExistsError(path, 'it is a directory');
    if (known.kind !== (facts.kind ?? 'file')) throw new NameExistsError(path, `it is a ${known.kind}`);
    refuseContradiction(known, facts, path);
    let isNew = isNews(known, facts);
    const urls = new Set(stores.replicas.list(known, dir.urlPath).map(({ url }) => url));
    isNew ||= given.replicas.some(({ url }) => !urls.has(normalUrl(url)));
    if (!isNew) return 'unchanged';
    requireAccess(this.#caller, known, 'write', path);
    stores.files.learn(known.id, facts);
    for (const { url, se } of given.replicas) this.#addReplica({ id: known.id, name, urlPath: dir.urlPath }, url, se);
    return 'updated';
  }

  #addReplica(file: ReplicaHolder, url: string, se: string | undefined): void {
    this.#at.stores.replicas.add(file, normalUrl(url), this.#element(url, se));
  }

  #packed(file: Omit<ReplicaHolder, 'id'>, url: string, se: string | undefined): Omit<PackedReplica, 'bad'> {
    return this.#at.stores.replicas.pack(file, normalUrl(url), this.#element(url, se));
  }

  #element(url: string, se: string | undefined): StorageElement | undefined {
    const { elements } = this.#at.stores;
    return se === undefined ? elements.ofUrl(normalUrl(url)) : elements.named(se);
  }

  #link(file: { id: number }, path: string, { archive, name }: { archive: string; name: string }): void {
    const { stores } = this.#at;
    const holder = fileEntryAt(stores, this.#caller, archive).file;
    if (holder.kind !== 'file') throw new BadValueError(archive, `archive with ${path}`, `it is a ${holder.kind}`);
    stores.sql('INSERT INTO archive_member VALUES (?, ?, ?)').run(file.id, holder.id, name);
  }
}

function factsOf(file: NewGridFile): FileFacts {
  const { size, checksum, guid, entries, tree, member } = file;
  return { size, checksum, guid, entries, tree, kind: member === undefined ? undefined : 'link' };
}

function checkReplica({ stores }: Context, url: string, se: string | undefined): void {
  if (url.length > MAX_URL_LENGTH || !URL_SHAPE.test(url))
    throw new BadValueError(url, 'URL of a replica', 'that is absolute, as root://host//path or file:///path');
  if (se === undefined || stores.elements.named(se) !== undefined) return;
  if (!/^[^:\s/]+::[^:\s/]+::[^:\s/]+$/.test(se))
    throw new BadValueError(se, 'name of a storage element', 'that is VO::SITE::NAME');
  stores.elements.put({ name: se, site: se.split('::')[1]!, prefix: null, status: 'up', tags: [] });
}

function refuseContradiction(known: StoredFile, facts: FileFacts, path: string): void {
  if (facts.size !== undefined && known.size !== null && facts.size !== known.size)
    throw new NameExistsError(path, `with ${known.size} bytes, not ${facts.size}`);
  if (facts.guid !== undefined && facts.guid.toLowerCase() !== known.guid)
    throw new NameExistsError(path, `with the GUID ${known.guid}`);
  const algorithm = known.checksum?.split(':')[0];
  const given = facts.checksum?.toLowerCase();
  if (given?.split(':')[0] === algorithm && given !== undefined && given !== known.checksum)
    throw new NameExistsError(path, `with the checksum ${known.checksum}`);
}

function isNews(known: StoredFile, facts: FileFacts): boolean {
  return (
    (facts.size !== undefined && known.size === null) ||
    (facts.checksum !== undefined && known.checksum === null) ||
    (facts.entries !== undefined && facts.entries !== known.entries) ||
    (facts.tree !== undefined && facts.tree !== known.tree)
  );
}

/**
 * Facts that a query or an inspection found in files. Whoever may read a file may tell what nobody knew, but replace nothing, nor say which
 * of several trees is meant: other people's queries follow what stands here. What does not apply (any more) is passed over.
 */
export function learn(at: Context, caller: Caller, args: { facts: readonly LearntFact[] }): { learnt: number } {
  const { stores } = at;
  let learnt = 0;
  for (const { lfn, tree, entries, isOnlyTree } of args.facts) {
    const file = readable(stores, caller, lfn);
    if (file === undefined || (file.tree === null ? !isOnlyTree : file.tree !== tree)) continue;
    if (file.entries !== null && file.entries !== entries) continue;
    stores.files.learn(file.id, { tree, entries });
    learnt++;
  }
  return { learnt };
}

function readable(stores: Stores, caller: Caller, lfn: string): StoredFile | undefined {
  try {
    const { file } = fileEntryAt(stores, caller, lfn);
    return mayAccess(caller, file, 'read') ? file : undefined;
  } catch (error) {
    if (error instanceof GridError) return undefined; // renamed or removed meanwhile
    throw error;
  }
}

/** Marks a replica bad or good again, or forgets it. */
export function changeReplica(
  at: Context,
  caller: Caller,
  args: { lfn: string; url: string; to: 'bad' | 'good' | 'removed' },
): { url: string } {
  const { stores } = at;
  const { file, directory } = fileEntryAt(stores, caller, args.lfn);
  requireAccess(caller, file, 'write', args.lfn);
  const url = normalUrl(args.url);
  const holder = { id: file.id, name: file.name, urlPath: directory.urlPath };
  const found =
    args.to === 'removed' ? stores.replicas.remove(holder, url) : stores.replicas.mark(holder, url, args.to === 'bad');
  if (!found) throw new BadValueError(url, `replica of ${args.lfn}`, 'see "whereis"');
  return { url };
}
