/**
 * A TTree's record as plain, checked data: branches with their leaves and baskets, and the cluster boundaries.
 * Source: ROOT, tree/tree/inc/TTree.h, TBranch.h, TBranchElement.h, TLeaf.h.
 */
import { CorruptFileError, type Place } from '../errors.js';
import type { StreamedObject } from '../jsroot/structure.js';
import { Members } from './members.js';

/** A basket that was not yet written when the tree was: its bytes lie in the tree's record. */
export interface EmbeddedBasket {
  readonly payload: Buffer;
  readonly keylen: number;
  /** Bytes of contents, as fLast minus the key. */
  readonly border: number;
  /** Begin of each entry, the key included, where the entries vary in length. */
  readonly entryOffsets: Int32Array | undefined;
}

/** Entries [first, end) of one branch. */
export interface Basket {
  readonly first: number;
  readonly end: number;
  readonly seek: number;
  readonly nbytes: number;
  readonly embedded?: EmbeddedBasket;
}

export interface Leaf {
  readonly className: string;
  readonly name: string;
  readonly title: string;
  /** Numbers an entry, or of one element where there is a count. */
  readonly length: number;
  /** TLeafObject only: each entry names its class. */
  readonly isVirtual: boolean;
  readonly isUnsigned: boolean;
  /** TLeafElement only: the member's type code. */
  readonly type: number;
  readonly count: { readonly leaf: string; readonly object: StreamedObject } | undefined;
}

export interface Branch {
  readonly className: string;
  readonly name: string;
  /** Names of the branches above and its own, joined by `/`. */
  readonly path: string;
  readonly title: string;
  readonly entries: number;
  readonly baskets: readonly Basket[];
  readonly leaves: readonly Leaf[];
  readonly children: readonly Branch[];
  readonly parent: Branch | undefined;
  readonly fileName: string;
  /** Entry offsets are in the baskets (or would be, were they not made from the counts). */
  readonly entryOffsetLen: number;
  /** Baskets hold no entry offsets: they are to be made from the counts. Source: ROOT::Experimental::EIOFeatures::kGenerateOffsetMap. */
  readonly generatesOffsets: boolean;
  /** Only of a TBranchElement: how the member was split off. */
  readonly element: BranchElement | undefined;
}

export interface BranchElement {
  readonly className: string;
  readonly parentName: string;
  readonly clonesName: string;
  readonly checksum: number;
  readonly classVersion: number;
  readonly id: number;
  readonly type: number;
  readonly streamerType: number;
  readonly count: StreamedObject | undefined;
}

/** Branches in a collection that was split: their entries hold the member of all its elements. */
export function isElementMember(branch: Branch): boolean {
  return branch.element?.type === 31 || branch.element?.type === 41;
}

export interface TreeRecord {
  readonly name: string;
  readonly title: string;
  readonly className: string;
  readonly entries: number;
  readonly branches: readonly Branch[];
  readonly clusters: readonly number[];
  /** Friends as the tree names them: alias, tree and file. */
  readonly friends: readonly { readonly alias: string; readonly tree: string; readonly file: string }[];
}

export function treeRecord(object: StreamedObject, className: string, place: Place): TreeRecord {
  const tree = new Members(object, place);
  const entries = tree.number('fEntries');
  if (!(Number.isSafeInteger(entries) && entries >= 0))
    throw new CorruptFileError(place, `it states ${entries} entries`);
  const branches = tree.list('fBranches').map(({ members }) => branch(members, undefined));
  return {
    name: tree.string('fName'),
    title: tree.string('fTitle'),
    className,
    entries,
    branches,
    clusters: clusterBoundaries(tree, entries, branches),
    friends: tree.list('fFriends').map(({ members }) => ({
      alias: members.string('fName'),
      tree: members.string('fTreeName', ''),
      file: members.string('fTitle', ''),
    })),
  };
}

function branch(members: Members, parent: Branch | undefined): Branch {
  const name = members.string('fName');
  const children: Branch[] = [];
  const own: Branch = {
    className: members.className,
    name,
    path: parent === undefined ? name : `${parent.path}/${name}`,
    title: members.string('fTitle'),
    entries: members.number('fEntries'),
    baskets: baskets(members),
    leaves: members.list('fLeaves').map(({ members: leaf }) => leafOf(leaf)),
    children,
    parent,
    fileName: members.string('fFileName', ''),
    entryOffsetLen: members.number('fEntryOffsetLen', 0),
    generatesOffsets:
      ((members.child('fIOFeatures')?.number('fIOBits', 0) ?? 0) & 1) !== 0 ||
      members.number('fEntryOffsetLen', 0) === 0,
    element: members.className === 'TBranchElement' ? elementOf(members) : undefined,
  };
  for (const child of members.list('fBranches')) children.push(branch(child.members, own));
  return own;
}

function leafOf(members: Members): Leaf {
  const count = members.child('fLeafCount');
  return {
    className: members.className,
    name: members.string('fName'),
    title: members.string('fTitle'),
    length: members.number('fLen'),
    isUnsigned: members.boolean('fIsUnsigned'),
    isVirtual: members.boolean('fVirtual'),
    type: members.number('fType', -1),
    count: count === undefined ? undefined : { leaf: count.string('fName'), object: count.object },
  };
}

function elementOf(members: Members): BranchElement {
  return {
    className: members.string('fClassName'),
    parentName: members.string('fParentName', ''),
    clonesName: members.string('fClonesName', ''),
    checksum: members.number('fCheckSum', 0),
    classVersion: members.number('fClassVersion', 0),
    id: members.number('fID') | 0,
    type: members.number('fType') | 0,
    streamerType: members.number('fStreamerType') | 0,
    count: members.child('fBranchCount')?.object,
  };
}

/** The baskets in the order of their entries: those written, then those still in memory when the tree was written. */
function baskets(members: Members): Basket[] {
  const entries = members.number('fEntries');
  const written = members.number('fWriteBasket');
  const firsts = members.numbers('fBasketEntry');
  const seeks = members.numbers('fBasketSeek');
  const sizes = members.numbers('fBasketBytes');
  const found: Basket[] = [];
  for (let i = 0; i < written && i < seeks.length && seeks[i] !== 0; i++) {
    const end = firsts[i + 1] ?? entries;
    found.push({ first: firsts[i] ?? -1, end, seek: seeks[i]!, nbytes: sizes[i] ?? 0 });
  }
  let first = found.at(-1)?.end ?? 0;
  if (first !== entries)
    for (const { members: basket } of members.list('fBaskets')) {
      const end = first + basket.number('fNevBuf');
      if (end > first) found.push({ first, end, seek: 0, nbytes: 0, embedded: embedded(basket) });
      first = end;
    }
  for (const { first, end, seek, nbytes } of found)
    if (!(first >= 0 && end >= first && end <= Number.MAX_SAFE_INTEGER && seek >= 0 && nbytes >= 0))
      throw new CorruptFileError(
        members.place,
        `branch "${members.string('fName')}" has a basket of entries ${first} to ${end} at ${seek}`,
      );
  return found;
}

function embedded(basket: Members): EmbeddedBasket {
  const keylen = basket.number('fKeylen');
  const border = basket.number('fLast') - keylen;
  const buffer = basket.child('fBufferRef')?.object as { arr?: unknown } | undefined;
  const view = buffer?.arr instanceof DataView ? buffer.arr : new DataView(new ArrayBuffer(0));
  if (border < 0 || border > view.byteLength)
    throw new CorruptFileError(basket.place, `a basket inside it claims ${border} bytes, where ${view.byteLength} are`);
  const offsets = basket.object['fEntryOffset'];
  return {
    payload: Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength),
    keylen,
    border,
    entryOffsets: offsets === undefined || offsets === null ? undefined : Int32Array.from(offsets as ArrayLike<number>),
  };
}

/** As TTree::TClusterIterator has them; without clusters stated, the boundaries at which most branches begin a basket. */
function clusterBoundaries(tree: Members, entries: number, branches: readonly Branch[]): number[] {
  const rangeEnds = tree.numbers('fClusterRangeEnd');
  const rangeSizes = tree.numbers('fClusterSize');
  const autoFlush = tree.number('fAutoFlush', 0);
  const bounds = [0];
  const add = (end: number, size: number): void => {
    let at = bounds.at(-1)!;
    if (size > 0 && (end - at) / size <= MOST_CLUSTERS) for (at += size; at < end; at += size) bounds.push(at);
    if (end > bounds.at(-1)!) bounds.push(end);
  };
  for (let i = 0; i < rangeEnds.length; i++) if (rangeEnds[i]! < entries) add(rangeEnds[i]! + 1, rangeSizes[i] ?? 0);
  if (autoFlush > 0) add(entries, autoFlush);
  if (bounds.length === 1) bounds.push(...basketBoundaries(entries, branches).slice(1));
  if (entries > bounds.at(-1)!) bounds.push(entries);
  return bounds;
}

/** A damaged cluster size must not fill the memory: more clusters than this are one. */
const MOST_CLUSTERS = 1_000_000;

/** Without stated clusters: the baskets of the branch with the fewest, as every other then is read about once a basket. */
function basketBoundaries(entries: number, branches: readonly Branch[]): number[] {
  const flat = (list: readonly Branch[]): Branch[] => list.flatMap((one) => [one, ...flat(one.children)]);
  const candidates = flat(branches).filter((one) => one.baskets.length > 0);
  const fewest = candidates.reduce<Branch | undefined>(
    (best, one) => (best === undefined || one.baskets.length < best.baskets.length ? one : best),
    undefined,
  );
  const bounds = [0, ...(fewest?.baskets ?? []).map((basket) => basket.end).filter((end) => end > 0 && end < entries)];
  if (entries > 0) bounds.push(entries);
  return bounds;
}
