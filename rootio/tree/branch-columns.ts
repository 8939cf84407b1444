/**
 * What each branch of a tree holds, as columns: decided from its leaves, its type codes and the streamer infos.
 * Source: ROOT, tree/tree/src/TBranch.cxx, TBranchElement.cxx and TLeaf*.cxx.
 */
import type { ObjectStreamer, StreamerElement } from '../jsroot/structure.js';
import type { ColumnInfo, NumberType } from '../table.js';
import { BitsLoader } from './bits-loader.js';
import { type Branch, isElementMember, type Leaf } from './branch.js';
import { type ColumnLoader, FlatLoader, ListLoader } from './column-loader.js';
import { isText, parseCppType } from './cpp-type.js';
import { fixedLayout } from './fixed-layout.js';
import { LeafListLoader, type ListedLeaf } from './leaf-list-loader.js';
import { type NumberFormat, packedFormat, plainFormat } from './number-format.js';
import { objectColumn } from './object-columns.js';
import { packingOf } from './packing.js';
import { StridedLoader } from './strided-loader.js';
import { type TextLength, TextLoader, TextsLoader } from './text-loader.js';
import { ARRAY, BITS, CHAR_STAR, DOUBLE32, FLOAT16, POINTER, TSTRING, TYPE_OF_CODE } from './type-codes.js';
import { typedColumn } from './typed-columns.js';

/** A column and how to make its loader. */
export interface BranchColumn {
  readonly info: ColumnInfo;
  readonly branch: Branch;
  readonly newLoader: (() => ColumnLoader) | undefined;
  /** The branch is this column and nothing more, of a form that other readers have too: for `proof root inspect`. */
  readonly plain: boolean;
}

/** What a kind of column adds to its branch's name and title. */
export type ColumnShape = Omit<ColumnInfo, 'name' | 'title'> & {
  readonly newLoader?: () => ColumnLoader;
  readonly plain?: boolean;
};

const TYPE_OF_LEAF: Readonly<Record<string, readonly [NumberType, NumberType]>> = {
  TLeafO: ['bool', 'bool'],
  TLeafB: ['int8', 'uint8'],
  TLeafS: ['int16', 'uint16'],
  TLeafI: ['int32', 'uint32'],
  TLeafG: ['int64', 'uint64'],
  TLeafL: ['int64', 'uint64'],
  TLeafF: ['float32', 'float32'],
  TLeafD: ['float64', 'float64'],
};

export function branchColumns(branches: readonly Branch[], streamer: ObjectStreamer, entries: number): BranchColumn[] {
  return branches.flatMap((branch) =>
    branch.children.length > 0
      ? branchColumns(branch.children, streamer, entries)
      : columnsOf(branch, streamer).map((shape) => column(branch, shape, entries)),
  );
}

function column(branch: Branch, shape: ColumnShape & { readonly part?: string }, entries: number): BranchColumn {
  const { newLoader, plain = false, part, ...kind } = shape;
  const name = part === undefined ? branch.path : `${branch.path}/${part}`;
  const short = branch.entries < entries ? { entries: branch.entries } : {};
  return { info: { name, title: branch.title, ...kind, ...short }, branch, newLoader, plain };
}

function columnsOf(branch: Branch, streamer: ObjectStreamer): (ColumnShape & { readonly part?: string })[] {
  const [leaf] = branch.leaves;
  if (branch.fileName !== '')
    return [{ kind: 'unreadable', typeName: branch.title, why: `its baskets are in another file, ${branch.fileName}` }];
  if (branch.leaves.length > 1) return leafList(branch);
  const element = streamerElement(branch, streamer);
  const number = leaf === undefined ? undefined : leafFormat(leaf, element);
  if (leaf?.className === 'TLeafElement' && leaf.type === BITS) return [statusBits(leaf.count !== undefined)];
  if (leaf !== undefined && number !== undefined) return [numberColumn(leaf, number)];
  if (branch.element?.streamerType === TSTRING) return [isElementMember(branch) ? texts() : text()];
  if (leaf?.className === 'TLeafC') return [text()];
  if (branch.element?.streamerType === CHAR_STAR && !isElementMember(branch)) return [text(0, 'int32')];
  return memberColumns(branch, element, streamer);
}

const text = (header = 0, length: TextLength = 'short'): ColumnShape => ({
  kind: 'string',
  typeName: 'string',
  plain: true,
  newLoader: () => new TextLoader(header, length),
});
const texts = (): ColumnShape => ({
  kind: 'strings',
  typeName: 'string[]',
  newLoader: () => new TextsLoader(0, false),
});

const statusBits = (isList: boolean): ColumnShape => ({
  kind: isList ? 'list' : 'flat',
  type: 'uint32',
  length: 1,
  typeName: isList ? 'uint32[]' : 'uint32',
  plain: true,
  newLoader: () => new BitsLoader(isList),
});

/** The member that a branch of a split object holds. */
function streamerElement(branch: Branch, streamer: ObjectStreamer): StreamerElement | undefined {
  const { element } = branch;
  if (element === undefined || element.id < 0) return undefined;
  return streamer.elements(element.className, element.classVersion, element.checksum)?.[element.id];
}

export function leafFormat(
  leaf: Leaf,
  element: StreamerElement | undefined,
): (NumberFormat & { packed?: boolean }) | undefined {
  const code = leaf.type > ARRAY && leaf.type < POINTER ? leaf.type - ARRAY : leaf.type;
  const isFloat16 = leaf.className === 'TLeafF16' || (leaf.className === 'TLeafElement' && code === FLOAT16);
  const isDouble32 = leaf.className === 'TLeafD32' || (leaf.className === 'TLeafElement' && code === DOUBLE32);
  if (isFloat16 || isDouble32) {
    const packing = packingOf(leaf.className === 'TLeafElement' ? (element?.title ?? '') : leaf.title);
    return { ...packedFormat(isFloat16 ? 'float32' : 'float64', packing), packed: isFloat16 || packing !== undefined };
  }
  if (leaf.className === 'TLeafElement') {
    const type = TYPE_OF_CODE[code];
    return type === undefined ? undefined : plainFormat(type);
  }
  const type = TYPE_OF_LEAF[leaf.className]?.[leaf.isUnsigned ? 1 : 0];
  return type === undefined ? undefined : plainFormat(type);
}

function numberColumn(leaf: Leaf, { packed = false, ...format }: NumberFormat & { packed?: boolean }): ColumnShape {
  const dims = dimensions(leaf);
  const length = dims.reduce((product, dim) => product * dim, 1);
  const shape = { type: format.type, length, ...(dims.length > 0 ? { dims } : {}), plain: !packed };
  const suffix = dims.map((dim) => `[${dim}]`).join('');
  if (leaf.count !== undefined)
    return {
      ...shape,
      kind: 'list',
      typeName: `${format.type}[]${suffix}`,
      newLoader: () => new ListLoader(format, 0, length),
    };
  return { ...shape, kind: 'flat', typeName: format.type + suffix, newLoader: () => new FlatLoader(format, length) };
}

/** The fixed dimensions in a leaf's title, as in `fit[nTracks][2][3]`; where it names none, its length. */
function dimensions(leaf: Leaf): number[] {
  const dims = [...leaf.title.matchAll(/\[([1-9][0-9]*)\]/g)].map((match) => Number(match[1]));
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (length === leaf.length || leaf.length < 1) return dims;
  return leaf.length > 1 ? [leaf.length] : [];
}

/** Several leaves: records, and a column a leaf. */
function leafList(branch: Branch): (ColumnShape & { readonly part?: string })[] {
  const names = branch.leaves.map((leaf) => leaf.name);
  const leaves: ListedLeaf[] = [];
  for (const [i, leaf] of branch.leaves.entries()) {
    const format = leafFormat(leaf, undefined);
    const countedBy = leaf.count === undefined ? undefined : names.slice(0, i).indexOf(leaf.count.leaf);
    if (format === undefined || countedBy === -1)
      return [
        {
          kind: 'unreadable',
          typeName: branch.title,
          why: `its leaf "${leaf.name}" has a type or a counter that is not known`,
        },
      ];
    leaves.push({ format, length: Math.max(1, leaf.length), ...(countedBy === undefined ? {} : { countedBy }) });
  }
  const bytes = leaves.reduce((sum, { format, length }) => sum + format.itemBytes * length, 0);
  const isFixed = leaves.every(({ countedBy }) => countedBy === undefined);
  let offset = 0;
  return leaves.map(({ format, length, countedBy }, i) => {
    const part = names[i]!;
    const field = { path: part, format, offset, length, member: { offset: 0, bytes } };
    offset += format.itemBytes * length;
    const kind = countedBy === undefined ? ('flat' as const) : ('list' as const);
    const newLoader = () => (isFixed ? new StridedLoader(bytes, field, false) : new LeafListLoader(leaves, i));
    return { part, kind, type: format.type, length, typeName: format.type, newLoader };
  });
}

/** Members and objects that are no numbers by themselves: decided by their C++ type. */
function memberColumns(
  branch: Branch,
  element: StreamerElement | undefined,
  streamer: ObjectStreamer,
): (ColumnShape & { readonly part?: string })[] {
  const typeName = element?.typeName ?? branch.element?.className ?? '';
  const type = parseCppType(typeName);
  const isMember = element !== undefined;
  const inCollection = isElementMember(branch);
  const isArray = Number(element?.raw['fArrayLength'] ?? 0) > 0;
  if (type !== undefined && !isArray) {
    if (isText(type) && !inCollection) return [text(isMember && type.name === 'string' ? 6 : 0)];
    const found = typedColumn(type, typeName, {
      isPointerMember: element !== undefined && element.type > POINTER && element.type < 60,
      inCollection,
    });
    if (found !== undefined) return [found];
  }
  const whole = objectColumn(branch, element, streamer, typeName);
  if (inCollection || isArray || type === undefined) return [whole];
  const recordType = type.name === 'vector' && type.args[0] !== undefined ? type.args[0] : type;
  const vector = recordType !== type;
  if (recordType.pointers > 0) return [whole];
  const layout = fixedLayout(recordType.name, (name) =>
    name === branch.element?.className && !isMember
      ? streamer.elements(name, branch.element.classVersion, branch.element.checksum)
      : streamer.elements(name),
  );
  if (layout === undefined) return [whole];
  const parts = layout.fields.map((field) => ({
    part: field.path,
    kind: vector ? ('list' as const) : ('flat' as const),
    type: field.format.type,
    length: field.length,
    typeName: field.format.type,
    newLoader: () => new StridedLoader(layout.bytes, field, vector),
  }));
  return [whole, ...parts];
}
