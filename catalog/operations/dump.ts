/**
 * The whole catalog as JSON lines, and back: for moving, for keeping, for looking at. Every line is one thing with its `kind`;
 * the order is such that each line needs only lines before it.
 */

import { z } from 'zod';
import { entryPairs, friendSet } from '../../protocol/entry-list.js';
import { GridError } from '../../protocol/errors.js';
import { BadValueError } from '../errors.js';
import { checkName, joinName, splitName } from '../names.js';
import type { Caller } from '../permissions.js';
import { below } from '../search/walk.js';
import { KINDS } from '../store/file-store.js';
import type { Stores } from '../store/stores.js';
import type { TagHolder, TagType } from '../store/tag-store.js';
import type { Context } from './context.js';
import { requireUpkeep } from './elements.js';
import type { Entry } from './paths.js';

const owned = {
  owner: z.string(),
  group: z.string(),
  mode: z.number().int(),
  created: z.number(),
  modified: z.number(),
};
const tags = z.record(z.string(), z.union([z.string(), z.number()])).default({});
const nullable = <T extends z.ZodType>(type: T) => type.nullable().default(null);
const replica = z.object({ url: z.string(), se: nullable(z.string()), bad: z.boolean().default(false) });
const member = z.object({
  lfn: nullable(z.string()),
  text: nullable(z.string()),
  tree: nullable(z.string()),
  entries: nullable(z.number()),
  size: nullable(z.number()),
  state: nullable(z.string()),
  selected: entryPairs.nullable().default(null),
});
const version = z.object({
  version: z.number().int(),
  tree: nullable(z.string()),
  access: z.string(),
  comment: z.string(),
  created: z.number(),
  frozen: nullable(z.number()),
  friends: z.array(friendSet).default([]),
  members: z.array(member),
});
const dumpLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('se'),
    name: z.string(),
    site: nullable(z.string()),
    prefix: nullable(z.string()),
    status: z.enum(['up', 'readonly', 'down']),
    tags: z.array(z.string()),
  }),
  z.object({ kind: z.literal('distance'), site: z.string(), other: z.string(), value: z.number() }),
  z.object({
    kind: z.literal('directory'),
    path: z.string(),
    ...owned,
    types: z.record(z.string(), z.enum(['int', 'float', 'string', 'bool', 'time'])).default({}),
    tags,
  }),
  z.object({
    kind: z.enum(['file', 'link', 'collection']),
    path: z.string(),
    ...owned,
    size: nullable(z.number()),
    checksum: nullable(z.string()),
    guid: z.string(),
    entries: nullable(z.number()),
    tree: nullable(z.string()),
    replicas: z.array(replica).default([]),
    archive: nullable(z.string()),
    member: nullable(z.string()),
    versions: z.array(version).default([]),
    tags,
  }),
]);
export type DumpLine = z.infer<typeof dumpLine>;
type FileLine = Extract<DumpLine, { kind: 'file' | 'link' | 'collection' }>;

/** @throws {AccessDeniedError} for all but admins and the catalog's owner */
export function* exportLines(stores: Stores, caller: Caller): Generator<string> {
  requireUpkeep(stores, caller);
  const admin = { ...caller, isAdmin: true };
  for (const { id: _id, ...element } of stores.elements.list()) yield JSON.stringify({ kind: 'se', ...element });
  for (const distance of stores.elements.distances()) yield JSON.stringify({ kind: 'distance', ...distance });
  const root = stores.directories.resolve('/')!;
  const walk = { stores, caller: admin };
  yield JSON.stringify(directoryLine(stores, root));
  // Members of archives and collections point at files anywhere: they come when all files are there.
  for (const pass of ['file', 'link', 'collection'] as const)
    for (const entry of below(walk, root)) {
      if (entry.file === null) {
        if (pass === 'file') yield JSON.stringify(directoryLine(stores, entry.directory));
      } else if (entry.file.kind === pass) yield JSON.stringify(fileLine(stores, entry));
    }
}

function directoryLine(stores: Stores, directory: Entry['directory']): unknown {
  const { path, owner, group, mode, created, modified, id } = directory;
  const types = Object.fromEntries(stores.tags.definitions(id).map(({ name, type }) => [name, type]));
  return {
    kind: 'directory',
    path,
    owner,
    group,
    mode,
    created,
    modified,
    types,
    tags: tagsOf(stores, { dir: id, file: null }),
  };
}

function fileLine(stores: Stores, entry: Entry): unknown {
  const { id, name, kind, size, checksum, guid, owner, group, mode, created, modified, entries, tree } = entry.file!;
  const file = { kind, size, checksum, guid, owner, group, mode, created, modified, entries, tree };
  const path = joinName(entry.directory.path, name);
  const replicas = stores.replicas
    .list(entry.file!, entry.directory.urlPath)
    .map(({ url, element, isBad }) => ({ url, se: element?.name ?? null, bad: isBad }));
  const nameOf = (fileId: number): string | null => {
    const found = stores.files.get(fileId);
    return found === undefined ? null : joinName(stores.directories.get(found.dir).path, found.name);
  };
  const held = stores
    .sql<[number], { archive: number; member: string }>('SELECT archive, member FROM archive_member WHERE file = ?')
    .get(id);
  const link = held === undefined ? {} : { archive: nameOf(held.archive), member: held.member };
  const versions = stores.sets.versions(id).map(({ id: versionId, file: _file, ...about }) => ({
    ...about,
    members: stores.sets.members(versionId).map(({ position: _position, file: memberId, ...facts }) => ({
      lfn: memberId === null ? null : nameOf(memberId),
      ...facts,
    })),
  }));
  return {
    ...file,
    path,
    replicas,
    ...link,
    ...(versions.length > 0 ? { versions } : {}),
    tags: tagsOf(stores, { dir: null, file: id }),
  };
}

function tagsOf(stores: Stores, holder: TagHolder): Record<string, string | number> {
  return Object.fromEntries(stores.tags.values(holder).map(({ name, value }) => [name, value]));
}

/** Takes lines of an export into this catalog. What is there already stays as it is. @returns how many were new */
export function importLines(at: Context, caller: Caller, args: { lines: readonly string[] }): { imported: number } {
  requireUpkeep(at.stores, caller);
  let imported = 0;
  for (const [i, text] of args.lines.entries()) {
    if (text === '') continue;
    try {
      if (importLine(at.stores, dumpLine.parse(JSON.parse(text)))) imported++;
    } catch (error) {
      if (error instanceof GridError) throw error;
      const what =
        error instanceof z.ZodError ? `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}` : String(error);
      throw new BadValueError(text, 'line of an export', `line ${i + 1}, ${what}`);
    }
  }
  return { imported };
}

function importLine(stores: Stores, line: DumpLine): boolean {
  switch (line.kind) {
    case 'se': {
      const { kind: _kind, ...element } = line;
      const isNew = stores.elements.named(line.name) === undefined;
      if (isNew) stores.elements.put(element);
      return isNew;
    }
    case 'distance':
      stores.elements.setDistance(line.site, line.other, line.value);
      return true;
    case 'directory': {
      const path = checkName(line.path);
      let directory = stores.directories.resolve(path);
      const isNew = directory === undefined;
      if (directory === undefined) {
        const { directory: above, base } = splitName(path);
        const parent = stores.directories.resolve(above);
        if (parent === undefined)
          throw new BadValueError(path, 'entry to import yet', `${above} does not come before it`);
        directory = stores.directories.insert(parent, base, line, line.created);
        if (line.modified !== line.created) stores.directories.change(directory, line, line.modified);
      }
      for (const [name, type] of Object.entries(line.types)) stores.tags.define(directory.id, name, type as TagType);
      setTags(stores, { dir: directory.id, file: null }, line.tags);
      return isNew;
    }
    default:
      return importFile(stores, line);
  }
}

function importFile(stores: Stores, line: FileLine): boolean {
  const path = checkName(line.path);
  const { directory: above, base } = splitName(path);
  const parent = stores.directories.resolve(above);
  if (parent === undefined) throw new BadValueError(path, 'entry to import yet', `${above} does not come before it`);
  const owned = { owner: stores.words.intern(line.owner), group: stores.words.intern(line.group), mode: line.mode };
  const facts = {
    kind: KINDS.find((kind) => kind === line.kind),
    size: line.size ?? undefined,
    checksum: line.checksum ?? undefined,
    guid: line.guid,
    entries: line.entries ?? undefined,
    tree: line.tree ?? undefined,
  };
  const id = stores.files.insert({ dir: parent.id, name: base }, facts, owned, line.created);
  if (id === undefined) return false;
  if (line.modified !== line.created) stores.files.change(id, line, line.modified);
  const holder = { id, name: base, urlPath: parent.urlPath };
  for (const { url, se, bad } of line.replicas) {
    stores.replicas.add(holder, url, se === null ? undefined : stores.elements.named(se));
    if (bad) stores.replicas.mark(holder, url, true);
  }
  if (line.archive !== null && line.member !== null)
    stores.sql('INSERT INTO archive_member VALUES (?, ?, ?)').run(id, idOf(stores, line.archive), line.member);
  for (const { members, frozen, ...about } of line.versions) {
    const version = stores.sets.addVersion(id, about);
    const files = members.map(({ lfn, state: _state, ...facts }) => {
      const file = lfn === null ? null : idOf(stores, lfn);
      return { ...facts, file, text: file === null ? (facts.text ?? lfn) : null };
    });
    stores.sets.append(version, files);
    for (const [position, { state }] of members.entries())
      if (state !== null) stores.sets.record(version, position, { state });
    if (frozen !== null) stores.sets.freeze(version, frozen);
  }
  setTags(stores, { dir: null, file: id }, line.tags);
  return true;
}

function setTags(stores: Stores, holder: TagHolder, values: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(values)) stores.setTag(holder, name, value);
}

function idOf(stores: Stores, lfn: string): number | null {
  const { directory, base } = splitName(checkName(lfn));
  const parent = stores.directories.resolve(directory);
  return parent === undefined ? null : (stores.files.child(parent.id, base)?.id ?? null);
}
