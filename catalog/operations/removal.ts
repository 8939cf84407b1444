/**
 * Removal of what may be large: a directory leaves the tree in one step (DirectoryStore.detach), and what was below it is
 * deleted in slices between other writes. A crash in between loses nothing and resurrects nothing: the slices go on at start.
 */
import { AccessDeniedError, WrongKindError } from '../errors.js';
import type { Caller } from '../permissions.js';
import { mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { StoredFile } from '../store/file-store.js';
import type { Stores } from '../store/stores.js';

const MEMBERS = 'SELECT file, member FROM archive_member WHERE archive = ?';
const KEEP_NAME = 'UPDATE collection_member SET file = NULL, text = ? WHERE file = ?';

/** A file's row goes; collections that have it keep its name, and say that it is missing. */
export function forgetFile(stores: Stores, file: StoredFile, path: string): void {
  const held = stores.sql<[number], { member: string }>(MEMBERS).get(file.id);
  if (held !== undefined)
    throw new WrongKindError(
      `${path} is an archive that other names are members of (${held.member}, …). Remove those first.`,
    );
  deleteFile(stores, file, path);
}

/** All directories below must be the caller's to write. @throws {AccessDeniedError} naming the first that is not */
export function ensureRemovable(stores: Stores, caller: Caller, top: Directory): void {
  if (caller.isAdmin) return;
  const waiting = [top];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    if (!mayAccess(caller, directory, 'write') || !mayAccess(caller, directory, 'read'))
      throw new AccessDeniedError(
        `${caller.user} may not remove what is in ${directory.path}, which belongs to ${directory.owner}. Nothing was removed.`,
      );
    waiting.push(...stores.directories.children(directory, { limit: -1 }));
  }
}

/** Deletes up to `limit` rows of removed directories, deepest first. @returns whether more is left */
export function purgeSlice(stores: Stores, limit: number): boolean {
  const { directories } = stores;
  const next = stores.sql<[], { dir: number }>('SELECT dir FROM removed_directory LIMIT 1').get();
  if (next === undefined) return false;
  let left = limit;
  let at = directories.get(next.dir);
  while (left > 0) {
    const child = directories.children(at, { limit: 1 })[0];
    if (child !== undefined) {
      at = child;
      continue;
    }
    const files = stores.files.children(at.id, { limit: left });
    for (const file of files) purgeFile(stores, file, `${at.path}/${file.name}`);
    left -= files.length;
    if (left <= 0) break;
    const { parent } = at;
    directories.delete(at);
    left--;
    if (at.id === next.dir) break;
    at = directories.get(parent!.id);
  }
  return true;
}

function purgeFile(stores: Stores, file: StoredFile, path: string): void {
  // Members of a removed archive have lost their bytes: they go with it.
  for (const { file: id } of stores.sql<[number], { file: number }>(MEMBERS).all(file.id)) {
    const member = stores.files.get(id);
    if (member !== undefined) purgeFile(stores, member, `${stores.directories.get(member.dir).path}/${member.name}`);
  }
  deleteFile(stores, file, path);
}

function deleteFile(stores: Stores, file: StoredFile, path: string): void {
  stores.sql(KEEP_NAME).run(path, file.id);
  stores.files.delete(file.id);
}
