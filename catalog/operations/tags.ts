/** Metadata: typed tags defined on directories and inherited downwards; values on directories and files. */
import { GridError } from '../../protocol/errors.js';
import { didYouMean } from '../../protocol/nearest.js';
import type { Caller } from '../permissions.js';
import { FIELDS, parseTime } from '../search/condition.js';
import type { Directory } from '../store/directory-store.js';
import type { Stores } from '../store/stores.js';
import type { TagHolder, TagType } from '../store/tag-store.js';
import type { Context } from './context.js';
import { directoryAt, type Entry, entryAt, pathOf, requireAccess } from './paths.js';

/** A tag's name or value that cannot be: why, and what could. */
export class BadTagError extends GridError {
  readonly code = 'CATALOG_BAD_TAG';
}

export class NoSuchTagError extends GridError {
  readonly code = 'CATALOG_NO_SUCH_TAG';
}

const TAG_NAME = /^[A-Za-z_][\w.:-]{0,99}$/;
const RESERVED = ['and', 'or', 'not', 'in', 'like', 'has', 'true', 'false'];
export type GivenValue = string | number | boolean;

export function defineTags(
  { stores }: Context,
  caller: Caller,
  args: { path: string; tags: Readonly<Record<string, TagType>> },
): { defined: number } {
  const directory = directoryAt(stores, caller, args.path);
  requireAccess(caller, directory, 'write', directory.path);
  for (const [name, type] of Object.entries(args.tags)) {
    checkTagName(name);
    const known = stores.tags.definitions(directory.id).find((tag) => tag.name === name);
    if (known !== undefined && known.type !== type)
      throw new BadTagError(`${name} is defined as ${known.type} on ${directory.path}; undefine it first.`);
    stores.tags.define(directory.id, name, type);
  }
  return { defined: Object.keys(args.tags).length };
}

export function undefineTags(
  { stores }: Context,
  caller: Caller,
  args: { path: string; names: readonly string[] },
): { undefined: number } {
  const directory = directoryAt(stores, caller, args.path);
  requireAccess(caller, directory, 'write', directory.path);
  const known = stores.tags.definitions(directory.id).map(({ name }) => name);
  for (const name of args.names)
    if (!stores.tags.undefine(directory.id, name))
      throw new NoSuchTagError(`${directory.path} defines no tag ${name}.${didYouMean(name, known)}`);
  return { undefined: args.names.length };
}

/** Sets values of many entries; a tag that nobody above defines is defined with the type that its first value has. */
export function setTags(
  { stores }: Context,
  caller: Caller,
  args: { items: readonly { path: string; values: Readonly<Record<string, GivenValue>> }[] },
): { set: number } {
  let set = 0;
  for (const { path, values } of args.items) {
    const entry = entryAt(stores, caller, path);
    requireAccess(caller, entry.file ?? entry.directory, 'write', pathOf(entry));
    for (const [name, value] of Object.entries(values)) {
      checkTagName(name);
      let type = typeInForce(stores, entry.directory, name);
      if (type === undefined) {
        type = naturalType(value);
        stores.tags.define(entry.directory.id, name, type);
      }
      stores.setTag(holderOf(entry), name, storedValue(name, type, value));
      set++;
    }
  }
  return { set };
}

export function removeTags(
  { stores }: Context,
  caller: Caller,
  args: { path: string; names: readonly string[] },
): { removed: number } {
  const entry = entryAt(stores, caller, args.path);
  requireAccess(caller, entry.file ?? entry.directory, 'write', pathOf(entry));
  const own = stores.tags.values(holderOf(entry)).map(({ name }) => name);
  for (const name of args.names)
    if (!stores.tags.drop(holderOf(entry), name))
      throw new NoSuchTagError(
        `${pathOf(entry)} itself has no tag ${name} (what it inherits is removed above).${didYouMean(name, own)}`,
      );
  return { removed: args.names.length };
}

export interface TagInForce {
  readonly name: string;
  readonly type: TagType;
  /** null: defined, but without a value here. */
  readonly value: GivenValue | null;
  /** Where the value is set, or else where the tag is defined. */
  readonly from: string;
}

/** Tags in force for an entry, by name. */
export function tagsOf(stores: Stores, caller: Caller, path: string): { path: string; tags: TagInForce[] } {
  const entry = entryAt(stores, caller, path);
  requireAccess(caller, entry.file ?? entry.directory, 'read', pathOf(entry));
  const found = new Map<string, { value: string | number; from: string }>();
  const types = new Map<string, { type: TagType; from: string }>();
  const see = (holder: TagHolder, from: string): void => {
    for (const { name, value } of stores.tags.values(holder)) if (!found.has(name)) found.set(name, { value, from });
  };
  if (entry.file !== null) see(holderOf(entry), pathOf(entry));
  for (let at: Directory | null = entry.directory; at !== null; at = at.parent) {
    see({ dir: at.id, file: null }, at.path);
    for (const { name, type } of stores.tags.definitions(at.id))
      if (!types.has(name)) types.set(name, { type, from: at.path });
  }
  const names = [...new Set([...found.keys(), ...types.keys()])].sort();
  const tags = names.map((name) => {
    const tag = found.get(name);
    const defined = types.get(name);
    const type = defined?.type ?? (typeof tag?.value === 'number' ? 'float' : 'string');
    const value = tag === undefined ? null : shownValue(type, tag.value);
    return { name, type, value, from: tag?.from ?? defined!.from };
  });
  return { path: pathOf(entry), tags };
}

function typeInForce(stores: Stores, directory: Directory, name: string): TagType | undefined {
  for (let at: Directory | null = directory; at !== null; at = at.parent) {
    const found = stores.tags.definitions(at.id).find((tag) => tag.name === name);
    if (found !== undefined) return found.type;
  }
  return undefined;
}

function holderOf(entry: Entry): TagHolder {
  return entry.file === null ? { dir: entry.directory.id, file: null } : { dir: null, file: entry.file.id };
}

function checkTagName(name: string): void {
  if (Object.hasOwn(FIELDS, name))
    throw new BadTagError(`${name} is a field of every entry; a tag needs another name.`);
  if (!TAG_NAME.test(name) || RESERVED.includes(name.toLowerCase()))
    throw new BadTagError(`"${name.slice(0, 100)}" is no name of a tag: letters, digits and _ . : -, a letter first.`);
}

/** What a value is that comes without a definition; text of the command line counts as what it looks like. */
function naturalType(value: GivenValue): TagType {
  if (typeof value === 'boolean' || value === 'true' || value === 'false') return 'bool';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int' : 'float';
  if (/^[+-]?\d{1,15}$/.test(value)) return 'int';
  if (value.trim() !== '' && Number.isFinite(Number(value))) return 'float';
  return parseTime(value) === undefined ? 'string' : 'time';
}

function storedValue(name: string, type: TagType, value: GivenValue): string | number {
  const refuse = (what: string): never => {
    throw new BadTagError(`${name} is defined as ${type}; ${JSON.stringify(value)} is ${what}.`);
  };
  switch (type) {
    case 'string': {
      const text = String(value);
      return text.length > 4000 ? refuse('longer than 4000 characters') : text;
    }
    case 'bool':
      if (value === true || value === 'true' || value === 1 || value === '1') return 1;
      return value === false || value === 'false' || value === 0 || value === '0'
        ? 0
        : refuse('neither true nor false');
    case 'time':
      return (
        (typeof value === 'number' ? value : parseTime(String(value))) ?? refuse('no time as 2009-11-23T10:00:00Z')
      );
    case 'int': {
      const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value);
      return Number.isSafeInteger(number) ? number : refuse('no whole number');
    }
    case 'float': {
      const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value);
      return Number.isFinite(number) ? number : refuse('no number');
    }
  }
}

function shownValue(type: TagType, value: string | number): GivenValue {
  if (type === 'bool') return value === 1;
  if (type === 'time' && typeof value === 'number') return new Date(value).toISOString();
  return value;
}
