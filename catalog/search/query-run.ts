/**
 * Runs a query: from the base, or from the entries that an index names where the condition is on tags, in bytewise order.
 */

import { joinName } from '../names.js';
import { absent, type Entry, pathOf } from '../operations/paths.js';
import { isBefore } from '../operations/reading.js';
import type { Directory } from '../store/directory-store.js';
import type { TagHolder, TagRange } from '../store/tag-store.js';
import { checkCondition } from './check-condition.js';
import { compileCondition, type Predicate, type TagLookup, type TagValue } from './condition.js';
import { hasWildcard, parsePattern, unescapePattern } from './pattern.js';
import { parseQuery } from './query-language.js';
import { onlyName, planCondition } from './query-plan.js';
import { type Ahead, children, childrenNamed, matching, type Walk } from './walk.js';

export interface QueryOptions {
  readonly query: string;
  /** Directories instead of files. */
  readonly directories?: boolean | undefined;
}

/** An index range with more holders than this is not worth counting further. */
const COUNTED = 50_000;

/** Tags in force for a directory: its own map in front of that of its parent. */
interface Scope {
  readonly own: ReadonlyMap<string, TagValue>;
  readonly above: Scope | null;
}

/** @throws {QuerySyntaxError}, {NoSuchTagError}, {BadTagError} as checkCondition, {NoSuchNameError} no base without wildcards */
export function* runQuery(walk: Walk, { query, directories = false }: QueryOptions): Generator<Entry> {
  const { base, condition } = parseQuery(query);
  if (condition !== null) checkCondition(walk.stores, walk.caller, condition);
  const predicate: Predicate = condition === null ? () => true : compileCondition(condition);
  const bases = [...matching(walk, parsePattern(base))];
  const path = unescapePattern(base);
  if (bases.length === 0 && !hasWildcard(base)) throw absent(walk.stores, walk.caller, path);
  const ranges = condition === null ? null : cheapest(walk, planCondition(condition));
  const search = new Search(walk, predicate, {
    directories,
    fileName: condition === null ? null : onlyName(condition),
  });
  if (ranges === null) for (const top of bases) yield* search.from(top);
  else for (const top of indexed(walk, bases, ranges)) yield* search.from(top);
}

class Search {
  readonly #walk: Walk;
  readonly #predicate: Predicate;
  readonly #directories: boolean;
  /** The only name that a file of the answer can have, if the condition says so: then no others are read. */
  readonly #fileName: string | null;
  /** Files with tags of their own are rare: where there are none, none is asked for them. */
  readonly #filesHaveTags: boolean;

  constructor(walk: Walk, predicate: Predicate, wanted: { directories: boolean; fileName: string | null }) {
    this.#filesHaveTags = walk.stores.tags.anyOnFiles();
    this.#walk = walk;
    this.#predicate = predicate;
    this.#directories = wanted.directories;
    this.#fileName = wanted.fileName;
  }

  /** The entry itself and all below it. */
  *from(top: Entry): Generator<Entry> {
    const scope = scopeAt(this.#walk, top.directory);
    if (top.file !== null) {
      if (!this.#directories && this.#fits(top, scope)) yield top;
      return;
    }
    if (this.#directories && this.#fits(top, scope)) yield top;
    yield* this.#below(top.directory, scope);
  }

  *#below(directory: Directory, scope: Scope, ahead?: Ahead): Generator<Entry> {
    for (const { entry, ahead: next } of this.#children(directory, ahead)) {
      if (entry.file !== null) {
        if (!this.#directories && this.#fits(entry, scope)) yield entry;
        continue;
      }
      const inner = scopeOf(this.#walk, entry.directory, scope);
      if (this.#directories && this.#fits(entry, inner)) yield entry;
      yield* this.#below(entry.directory, inner, next);
    }
  }

  *#children(directory: Directory, ahead: Ahead | undefined): Generator<{ entry: Entry; ahead?: Ahead | undefined }> {
    if (this.#fileName !== null && !this.#directories)
      yield* childrenNamed(this.#walk, directory, this.#fileName, ahead);
    else for (const entry of children(this.#walk, directory)) yield { entry };
  }

  #fits(entry: Entry, scope: Scope): boolean {
    return this.#predicate(entry, tagLookup(this.#walk, entry, scope, this.#filesHaveTags));
  }
}

function tagLookup({ stores }: Walk, entry: Entry, scope: Scope, filesHaveTags: boolean): TagLookup {
  let own: Map<string, TagValue> | undefined;
  return (name) => {
    if (filesHaveTags && entry.file !== null) {
      own ??= new Map(stores.tags.values({ dir: null, file: entry.file.id }).map((tag) => [tag.name, tag.value]));
      const value = own.get(name);
      if (value !== undefined) return value;
    }
    for (let at: Scope | null = scope; at !== null; at = at.above) {
      const value = at.own.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

function scopeAt(walk: Walk, directory: Directory): Scope {
  return scopeOf(walk, directory, directory.parent === null ? null : scopeAt(walk, directory.parent));
}

const NONE: ReadonlyMap<string, TagValue> = new Map();
function scopeOf({ stores }: Walk, directory: Directory, above: Scope | null): Scope {
  const tags = directory.hasTags ? stores.tags.values({ dir: directory.id, file: null }) : [];
  if (tags.length === 0 && above !== null) return above;
  return { own: tags.length === 0 ? NONE : new Map(tags.map(({ name, value }) => [name, value])), above };
}

/** The set of ranges with the fewest holders; null: none. */
function cheapest({ stores }: Walk, plan: readonly (readonly TagRange[])[]): readonly TagRange[] | null {
  let best: readonly TagRange[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const ranges of plan) {
    const limit = Math.min(COUNTED, least);
    const count = ranges.reduce((sum, range) => sum + stores.tags.count(range, limit), 0);
    if (count < least) {
      best = ranges;
      least = count;
    }
  }
  return best;
}

/** Where holders and bases meet, in bytewise order and none within another. */
function indexed(walk: Walk, bases: readonly Entry[], ranges: readonly TagRange[]): Entry[] {
  const baseDirectories = new Map<number, Entry>();
  const baseFiles = new Set<number>();
  for (const base of bases)
    if (base.file === null) baseDirectories.set(base.directory.id, base);
    else baseFiles.add(base.file.id);
  const found = new Map<string, Entry>();
  const add = (entry: Entry): void => {
    found.set(keyedPath(entry), entry);
  };
  for (const holder of ranges.flatMap((range) => walk.stores.tags.holders(range))) {
    const entry = entryOf(walk, holder);
    if (entry === undefined || entry.directory.isRemoved) continue;
    let isBelow = entry.file !== null && baseFiles.has(entry.file.id);
    for (let at: Directory | null = entry.directory; at !== null && !isBelow; at = at.parent)
      isBelow = baseDirectories.has(at.id);
    if (isBelow) add(entry);
    else if (entry.file === null) for (const base of bases) if (isAbove(entry.directory, base.directory)) add(base); // inherited from above the base
  }
  const sorted = [...found.entries()].sort(([a], [b]) => (isBefore(a, b) ? -1 : 1));
  const tops: Entry[] = [];
  let covered = '';
  for (const [key, entry] of sorted) {
    if (covered !== '' && key.startsWith(covered)) continue;
    tops.push(entry);
    covered = entry.file === null ? key : '';
  }
  return tops;
}

/** `/a/b/` of a directory, `/a/b` of a file. */
function keyedPath(entry: Entry): string {
  const path = pathOf(entry);
  return entry.file === null ? joinName(path, '') : path;
}

function entryOf({ stores }: Walk, holder: TagHolder): Entry | undefined {
  if (holder.file === null) return { directory: stores.directories.get(holder.dir), file: null };
  const file = stores.files.get(holder.file);
  return file === undefined ? undefined : { directory: stores.directories.get(file.dir), file };
}

function isAbove(upper: Directory, lower: Directory): boolean {
  for (let at: Directory | null = lower; at !== null; at = at.parent) if (at.id === upper.id) return true;
  return false;
}
