/** Questions with a short answer: look-up of names, whereis, stat, one page of a listing. */
import type { GridEntry, GridFile, Replica } from '../grid/grid.js';
import { checkName, joinName, splitName } from '../names.js';
import { type Caller, mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { StoredFile } from '../store/file-store.js';
import type { Place } from '../store/path-locator.js';
import type { StoredReplica } from '../store/replica-store.js';
import type { Stores } from '../store/stores.js';
import { closestFirst } from './closeness.js';
import { directoryAt, type Entry, entryAt, fileEntryAt, pathOf, requireAccess } from './paths.js';

/** One element a name; null where there is no such file, or the caller may not read it. */
export function lookup(stores: Stores, caller: Caller, lfns: readonly string[], site?: string): (GridFile | null)[] {
  const files = new Array<GridFile | null>(lfns.length).fill(null);
  const names = lfns.map((name, index) => ({ index, lfn: checkName(name) })).filter(({ lfn }) => lfn !== '/');
  const split = names.map(({ lfn }) => splitName(lfn));
  const directories = stores.paths.locate(split.map(({ directory }) => directory));
  const places: [Place, name: string][] = [];
  const asked: { index: number; lfn: string }[] = [];
  for (const [i, { directory, base }] of split.entries()) {
    const place = directories.get(directory);
    if (place === undefined || !(place.isOpen || mayReach(stores, caller, place.id))) continue;
    places.push([place, base]);
    asked.push(names[i]!);
  }
  for (const [i, found] of stores.locator.locate(places).entries()) {
    const { index, lfn } = asked[i]!;
    if (found === undefined || !mayAccess(caller, found, 'read')) continue;
    if (found.kind === 'link') {
      const { directory, file } = fileEntryAt(stores, caller, lfn);
      files[index] = gridFile(stores, directory, file, site);
      continue;
    }
    const { size, checksum, entries, tree } = found;
    const replicas = closestFirst(found.replicas, stores.elements, site);
    files[index] = { lfn, size, checksum, entries, tree, replicas };
  }
  return files;
}

function mayReach(stores: Stores, caller: Caller, directory: number): boolean {
  return stores.directories.mayEnter(caller, stores.directories.get(directory));
}

export function gridFile(stores: Stores, directory: Directory, file: StoredFile, site?: string): GridFile {
  return {
    lfn: joinName(directory.path, file.name),
    size: file.size,
    checksum: file.checksum,
    entries: file.entries,
    tree: file.tree,
    replicas: closestFirst(replicasOf(stores, file), stores.elements, site),
  };
}

const ARCHIVE_OF = 'SELECT archive, member FROM archive_member WHERE file = ?';

/** Of a member of an archive: the archive's replicas, with the member behind. */
export function replicasOf(stores: Stores, file: StoredFile): StoredReplica[] {
  if (file.kind !== 'link') return stores.replicas.list(file, urlPathOf(stores, file));
  const row = stores.sql<[number], { archive: number; member: string }>(ARCHIVE_OF).get(file.id);
  const archive = row === undefined ? undefined : stores.files.get(row.archive);
  if (row === undefined || archive === undefined) return [];
  const parameter = `xrdcl.unzip=${encodeURIComponent(row.member)}`;
  return stores.replicas
    .list(archive, urlPathOf(stores, archive))
    .map((replica) => ({ ...replica, url: `${replica.url}${replica.url.includes('?') ? '&' : '?'}${parameter}` }));
}

function urlPathOf(stores: Stores, file: StoredFile): string {
  return stores.directories.get(file.dir).urlPath;
}

export interface Whereis {
  readonly lfn: string;
  readonly replicas: readonly (Replica & {
    readonly status: 'good' | 'bad' | 'down';
    readonly tags: readonly string[];
  })[];
}

/** All replicas, the usable ones first and those by closeness. */
export function whereis(stores: Stores, caller: Caller, lfn: string, site?: string): Whereis {
  const { directory, file } = fileEntryAt(stores, caller, lfn);
  const path = joinName(directory.path, file.name);
  requireAccess(caller, file, 'read', path);
  const all = replicasOf(stores, file);
  const byUrl = new Map(all.map((replica) => [replica.url, replica]));
  const good = closestFirst(all, stores.elements, site);
  const unusable = all
    .filter(({ url }) => !good.some((replica) => replica.url === url))
    .map(({ url, element }) => ({ url, se: element?.name ?? null, site: element?.site ?? null }));
  return {
    lfn: path,
    replicas: [...good, ...unusable].map((replica) => {
      const stored = byUrl.get(replica.url)!;
      const status = stored.isBad ? 'bad' : stored.element?.status === 'down' ? 'down' : 'good';
      return { ...replica, status, tags: stored.element?.tags ?? [] } as const;
    }),
  };
}

export interface Stat extends GridEntry {
  readonly created: string;
  readonly guid: string | null;
  readonly checksum: string | null;
  readonly entries: number | null;
  readonly tree: string | null;
  readonly replicas: number;
  /** Of a member of an archive. */
  readonly archive: string | null;
  readonly member: string | null;
}

export function stat(stores: Stores, caller: Caller, path: string): Stat {
  const entry = entryAt(stores, caller, path);
  const { file } = entry;
  const row =
    file?.kind === 'link'
      ? stores.sql<[number], { archive: number; member: string }>(ARCHIVE_OF).get(file.id)
      : undefined;
  const archive = row === undefined ? undefined : stores.files.get(row.archive);
  return {
    ...gridEntry(entry),
    created: new Date((file ?? entry.directory).created).toISOString(),
    guid: file?.guid ?? null,
    checksum: file?.checksum ?? null,
    entries: file?.entries ?? null,
    tree: file?.tree ?? null,
    replicas: file === null ? 0 : replicasOf(stores, file).length,
    archive: archive === undefined ? null : joinName(stores.directories.get(archive.dir).path, archive.name),
    member: row?.member ?? null,
  };
}

export function gridEntry(entry: Entry): GridEntry {
  const node = entry.file ?? entry.directory;
  return {
    path: pathOf(entry),
    type: entry.file === null ? 'directory' : entry.file.kind,
    owner: node.owner,
    group: node.group,
    mode: node.mode,
    size: entry.file?.size ?? null,
    modified: new Date(node.modified).toISOString(),
  };
}

/** One page of a directory, in bytewise order of whole paths; `next` is the `after` of the page behind it. */
export function listPage(
  stores: Stores,
  caller: Caller,
  args: { path: string; after?: string | undefined; limit: number },
): { entries: GridEntry[]; next: string | null } {
  const top = entryAt(stores, caller, args.path);
  if (top.file !== null) return { entries: args.after === undefined ? [gridEntry(top)] : [], next: null };
  const directory = directoryAt(stores, caller, args.path);
  requireAccess(caller, directory, 'read', directory.path);
  const page = pageOf(stores, directory, { after: args.after ?? '', limit: args.limit + 1 });
  const entries = page.slice(0, args.limit);
  return { entries: entries.map(gridEntry), next: page.length > args.limit ? keyOf(entries.at(-1)!) : null };
}

/** What entries are sorted by within their directory: the name, with "/" behind a directory's. */
export function keyOf(entry: Entry): string {
  return entry.file === null ? `${entry.directory.name}/` : entry.file.name;
}

/** Entries of a directory, merged from both tables, with key > `after` (and < `before`). */
export function pageOf(
  stores: Stores,
  directory: Directory,
  range: { after: string; before?: string; limit: number },
): Entry[] {
  const files = stores.files.children(directory.id, range);
  const directories = stores.directories.children(directory, range);
  const merged: Entry[] = [];
  let [i, j] = [0, 0];
  while (merged.length < range.limit && (i < files.length || j < directories.length)) {
    const file = files[i];
    const child = directories[j];
    if (child === undefined || (file !== undefined && isBefore(file.name, `${child.name}/`))) {
      merged.push({ directory, file: file! });
      i++;
    } else {
      merged.push({ directory: child, file: null });
      j++;
    }
  }
  return merged;
}

const BEYOND_BMP = /[\ud800-\udfff]/;
/** Order of the UTF-8 bytes; that of UTF-16 units is the same but for characters beyond the basic plane. */
export function isBefore(a: string, b: string): boolean {
  if (BEYOND_BMP.test(a) || BEYOND_BMP.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return a < b;
}
