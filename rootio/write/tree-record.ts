/**
 * The TTree record: what a reader needs to find every basket. Written once, at the end.
 *
 * Source: ROOT, tree/tree/inc (TTree.h, TBranch.h, TLeaf*.h); order of members: class-layouts.ts.
 */
import type { BranchWriter } from './branch-writer.js';
import { MUST_CLEANUP, writeObjString, writeStyle } from './histogram-record.js';
import type { RecordBuffer } from './record-buffer.js';
import { type BranchShape, NUMBER_FORMATS } from './tree-columns.js';

/** A tree whose entries belong to those of this one, side by side. */
export interface FriendSpec {
  readonly tree: string;
  /** What its columns are called by; the tree's name unless told. */
  readonly alias?: string;
  /** Relative to this file's folder; the same file unless told. */
  readonly file?: string;
}

export interface TreeSummary {
  readonly name: string;
  readonly title: string;
  readonly entries: number;
  /** Entries of each cluster but the last. */
  readonly clusterEntries: number;
  readonly basketBytes: number;
  /** TFile::fCompress */
  readonly compression: number;
  readonly branches: readonly BranchWriter[];
  /** Texts that TTree::GetUserInfo gives. */
  readonly userInfo: readonly string[];
  readonly friends: readonly FriendSpec[];
}

/** TBranch::kDoNotUseBufferMap: values without pointers need no map. */
const NO_BUFFER_MAP = 1 << 22;
/** TCollection::kIsOwner */
const OWNS_ITS_OBJECTS = 1 << 14;
/** Starting length of a basket's offset table, where there is one. */
const OFFSET_TABLE = 1000;
/** ROOT never makes shorter basket tables. */
const MIN_BASKETS = 10;
const MANY_ENTRIES = 1_000_000_000_000;

export const leafClass = ({ type }: BranchShape) => `TLeaf${type === 'string' ? 'C' : NUMBER_FORMATS[type].letter}`;

export function writeTree(buffer: RecordBuffer, tree: TreeSummary): void {
  const sum = (of: (branch: BranchWriter) => number) => tree.branches.reduce((total, one) => total + of(one), 0);
  const zipBytes = sum((one) => one.zipBytes);
  buffer.versioned(20, () => {
    writeStyle(buffer, tree.name, tree.title, MUST_CLEANUP);
    buffer
      .i64(tree.entries)
      .i64(sum((one) => one.totalBytes))
      .i64(zipBytes)
      .i64(0)
      .i64(zipBytes);
    buffer.f64(1).i32(0).i32(25).i32(0).i32(OFFSET_TABLE).i32(0);
    buffer.i64(MANY_ENTRIES).i64(MANY_ENTRIES).i64(0).i64(-300_000_000).i64(tree.clusterEntries).i64(1_000_000);
    buffer.u8(0).u8(0); // no cluster ranges beside fAutoFlush
    writeNoFeatures(buffer);
    const leaves = new Map<string, number>();
    const writeBranches = () => {
      for (const branch of tree.branches) buffer.object('TBranch', () => writeBranch(buffer, tree, branch, leaves));
    };
    buffer.objArray(tree.branches.length, writeBranches, OWNS_ITS_OBJECTS);
    buffer.objArray(leaves.size, () => {
      for (const leaf of leaves.values()) buffer.reference(leaf);
    });
    buffer.reference(null).i32(0).i32(0).reference(null); // no aliases, no index
    writeFriends(buffer, tree.friends);
    writeUserInfo(buffer, tree.userInfo);
    buffer.reference(null); // no branch of references
  });
}

function writeFriends(buffer: RecordBuffer, friends: readonly FriendSpec[]): void {
  const writeFriend = ({ tree, alias, file }: FriendSpec) =>
    buffer.versioned(2, () => {
      buffer
        .tnamed(alias ?? tree, file ?? '')
        .text(tree)
        .bool(false);
    });
  if (friends.length === 0) buffer.reference(null);
  else
    buffer.object('TList', () =>
      buffer.list(friends, (friend) => buffer.object('TFriendElement', () => writeFriend(friend))),
    );
}

function writeUserInfo(buffer: RecordBuffer, texts: readonly string[]): void {
  if (texts.length === 0) buffer.reference(null);
  else
    buffer.object('TList', () =>
      buffer.list(texts, (text) => buffer.object('TObjString', () => writeObjString(buffer, text))),
    );
}

function writeBranch(buffer: RecordBuffer, tree: TreeSummary, branch: BranchWriter, leaves: Map<string, number>): void {
  const { shape, baskets } = branch;
  const tableLength = Math.max(MIN_BASKETS, baskets.seek.length + 1);
  const table = (values: readonly number[], write: (value: number) => void) => {
    buffer.u8(1);
    for (let i = 0; i < tableLength; i++) write(values[i] ?? 0);
  };
  const leafName = `${shape.name}${dimensions(shape)}`;
  buffer.versioned(13, () => {
    buffer.tnamed(shape.name, `${leafName}/${typeLetter(shape)}`, NO_BUFFER_MAP);
    buffer.versioned(2, () => buffer.i16(0).i16(1001));
    buffer
      .i32(tree.compression)
      .i32(tree.basketBytes)
      .i32(shape.kind === 'flat' ? 0 : OFFSET_TABLE);
    buffer.i32(baskets.seek.length).i64(tree.entries);
    writeNoFeatures(buffer);
    buffer.i32(0).i32(tableLength).i32(0).i64(tree.entries).i64(0).i64(branch.totalBytes).i64(branch.zipBytes);
    buffer.objArray(0, () => {});
    buffer.objArray(1, () => {
      const counter = shape.counter === undefined ? null : leaves.get(shape.counter)!;
      leaves.set(
        shape.name,
        buffer.object(leafClass(shape), () => writeLeaf(buffer, branch, leafName, counter)),
      );
    });
    buffer.objArray(0, () => {});
    table(baskets.nbytes, (value) => buffer.i32(value));
    table([...baskets.firstEntry, tree.entries], (value) => buffer.i64(value));
    table(baskets.seek, (value) => buffer.i64(value));
    buffer.text('');
  });
}

function writeLeaf(buffer: RecordBuffer, branch: BranchWriter, title: string, counter: number | null): void {
  const { shape, maximum } = branch;
  buffer.versioned(1, () => {
    const isText = shape.type === 'string';
    const format = shape.type === 'string' ? undefined : NUMBER_FORMATS[shape.type];
    buffer.versioned(2, () => {
      buffer.tnamed(shape.name, title);
      buffer
        .i32(isText ? Math.max(1, maximum) : shape.length)
        .i32(format?.bytes ?? 1)
        .i32(0);
      buffer
        .bool(shape.counts !== undefined)
        .bool(format?.unsigned ?? false)
        .reference(counter);
    });
    // fMinimum and fMaximum, of the leaf's own type; only counters and texts use them.
    if (isText || shape.counts !== undefined) buffer.i32(0).i32(maximum);
    else buffer.zeros(2 * format!.bytes);
  });
}

/** ROOT::TIOFeatures: a class without a version number, known by its checksum; no bits. */
function writeNoFeatures(buffer: RecordBuffer): void {
  buffer.versioned(0, () => buffer.u32(0x1aa12f10).u8(0));
}

function dimensions({ counter, length }: BranchShape): string {
  return `${counter === undefined ? '' : `[${counter}]`}${length === 1 ? '' : `[${length}]`}`;
}

function typeLetter({ type }: BranchShape): string {
  if (type === 'string') return 'C';
  const { letter, unsigned } = NUMBER_FORMATS[type];
  return unsigned ? letter.toLowerCase() : letter;
}
