/** What becomes a member of a data set, and what is one already. */
import { BadValueError, WrongKindError } from '../errors.js';
import { OnceEach } from '../grid/once-each.js';
import { joinName } from '../names.js';
import type { Caller } from '../permissions.js';
import type { StoredFile } from '../store/file-store.js';
import type { SetMember } from '../store/set-store.js';
import type { Stores } from '../store/stores.js';
import { normalUrl } from '../url.js';
import { entryAt } from './paths.js';

/** What a set is made of: a file of the catalog, another set by its path, or a URL. */
export interface NewMember {
  readonly lfn?: string | undefined;
  readonly set?: string | undefined;
  readonly url?: string | undefined;
  readonly tree?: string | undefined;
  readonly entries?: number | undefined;
  readonly size?: number | undefined;
  /** An entry list's pairs (protocol/entry-list.ts). */
  readonly selected?: readonly number[] | undefined;
}

type Unplaced = Omit<SetMember, 'position' | 'state'>;

/** The version that is changed: its row, its tree, and the set that it is of. */
export interface ChangedVersion {
  readonly id: number;
  readonly tree: string | null;
  readonly collection: StoredFile;
}

interface Held {
  readonly member: Unplaced;
  /** null: it is new. */
  readonly position: number | null;
  /** As far as anybody knows. */
  tree: string | null;
}

/** Appends what the version does not have yet (grid/once-each.ts: the rule). @returns how many those were */
export function appendMembers(
  stores: Stores,
  caller: Caller,
  version: ChangedVersion,
  given: readonly NewMember[],
): number {
  const once = new OnceEach<Held>();
  const held = (member: Unplaced, position: number | null): Held => ({
    member,
    position,
    tree: treeOf(stores, member, version.tree),
  });
  for (const member of stores.sets.members(version.id)) {
    const one = held(member, member.position);
    once.meet(placeOf(stores, member), one.tree, one);
  }
  const added: Held[] = [];
  for (const item of given) {
    const one = held(memberOf(stores, caller, item, version.collection), null);
    const found = once.meet(placeOf(stores, one.member), one.tree, one);
    if (found === undefined) added.push(one);
    else if (found.tree === null && one.tree !== null) {
      found.tree = one.tree;
      if (found.position !== null) stores.sets.nameTree(version.id, found.position, one.tree);
    }
  }
  const members = added.map(({ member, tree }) => ({ ...member, tree: member.tree ?? tree }));
  stores.sets.append(version.id, members);
  return added.length;
}

const isSet = (stores: Stores, id: number | null): id is number =>
  id !== null && stores.files.get(id)?.kind === 'collection';

/** A nested set is the same only with the same name of a tree: without one its files keep their own. */
function placeOf(stores: Stores, { file, text, tree }: Unplaced): string {
  return isSet(stores, file) ? `${file}\0${tree ?? ''}` : `${file ?? ''}\0${text ?? ''}`;
}

/** The tree that a member is read with: its own name, else the set's, else the one that the catalog knows of the file; null: its only one. */
export function treeOf(stores: Stores, { file, tree }: Unplaced, setTree: string | null): string | null {
  if (isSet(stores, file)) return tree;
  return tree ?? setTree ?? (file === null ? null : (stores.files.get(file)?.tree ?? null));
}

function memberOf(stores: Stores, caller: Caller, given: NewMember, to: StoredFile): Unplaced {
  const facts = {
    tree: given.tree ?? null,
    entries: given.entries ?? null,
    size: given.size ?? null,
    selected: given.selected ?? null,
  };
  if (given.url !== undefined) return { file: null, text: normalUrl(given.url), ...facts };
  const name = given.set ?? given.lfn;
  if (name === undefined) throw new BadValueError('{}', 'member of a data set', 'that is an lfn, a set or a url');
  const { file } = entryAt(stores, caller, name);
  if (file === null) throw new WrongKindError(`${name} is a directory; add its files, as ${name}/*.`);
  const way = wayTo(stores, file, to.id);
  if (way !== null) {
    const path = [to, ...way].map((one) => pathOfFile(stores, one)).join(' -> ');
    throw new WrongKindError(
      `${name} cannot be a member of ${pathOfFile(stores, to)}, which would hold itself: ${path}.`,
    );
  }
  return { file: file.id, text: null, ...facts };
}

/** The sets from `from` down to `target`, both included, through the last versions that nested sets are read in; null: none. */
function wayTo(stores: Stores, from: StoredFile, target: number): StoredFile[] | null {
  const seen = new Set<number>();
  const walk = (file: StoredFile): StoredFile[] | null => {
    if (file.id === target) return [file];
    if (file.kind !== 'collection' || seen.has(file.id)) return null;
    seen.add(file.id);
    const last = stores.sets.versions(file.id).at(-1);
    for (const member of last === undefined ? [] : stores.sets.members(last.id)) {
      const inner = member.file === null ? undefined : stores.files.get(member.file);
      const way = inner === undefined ? null : walk(inner);
      if (way !== null) return [file, ...way];
    }
    return null;
  };
  return walk(from);
}

const pathOfFile = (stores: Stores, { dir, name }: StoredFile): string =>
  joinName(stores.directories.get(dir).path, name);
