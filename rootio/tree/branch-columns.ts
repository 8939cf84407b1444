/**
 * What each branch of a tree holds, as a column: decided from its leaves, its type codes and the streamer infos.
 * Source: ROOT, tree/tree/src/TBranch.cxx and TBranchElement.cxx.
 */
import type { ColumnInfo, NumberType } from '../table.js';
import type { Branch, Leaf } from './branch.js';
import { type ColumnLoader, FlatLoader, ListLoader } from './column-loader.js';
import { plainFormat } from './number-format.js';
import { TextLoader } from './text-loader.js';

/** A column and how to make its loader. */
export interface BranchColumn {
  readonly info: ColumnInfo;
  readonly branch: Branch;
  readonly newLoader: (() => ColumnLoader) | undefined;
}

/** Type codes of streamer elements and TLeafElement. Source: ROOT, core/meta/inc/TDataType.h and TVirtualStreamerInfo.h. */
const TYPE_OF_CODE: Readonly<Record<number, NumberType>> = {
  1: 'int8',
  2: 'int16',
  3: 'int32',
  4: 'int64',
  5: 'float32',
  6: 'uint32',
  8: 'float64',
  11: 'uint8',
  12: 'uint16',
  13: 'uint32',
  14: 'uint64',
  15: 'uint32',
  16: 'int64',
  17: 'uint64',
  18: 'bool',
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

function leafType(leaf: Leaf): NumberType | undefined {
  if (leaf.className === 'TLeafElement')
    return TYPE_OF_CODE[leaf.type > 20 && leaf.type < 40 ? leaf.type - 20 : leaf.type];
  return TYPE_OF_LEAF[leaf.className]?.[leaf.isUnsigned ? 1 : 0];
}

export function branchColumns(branches: readonly Branch[]): BranchColumn[] {
  return branches.flatMap((branch) =>
    branch.children.length > 0 ? branchColumns(branch.children) : [branchColumn(branch)],
  );
}

function branchColumn(branch: Branch): BranchColumn {
  const base = { name: branch.path, title: branch.title };
  const [leaf] = branch.leaves;
  const type = leaf === undefined ? undefined : leafType(leaf);
  if (leaf !== undefined && branch.leaves.length === 1 && type !== undefined) {
    const format = plainFormat(type);
    if (leaf.count !== undefined)
      return {
        info: { ...base, kind: 'list', type, typeName: `${type}[]` },
        branch,
        newLoader: () => new ListLoader(format, 0),
      };
    const length = Math.max(1, leaf.length);
    return {
      info: { ...base, kind: 'flat', type, length, typeName: type },
      branch,
      newLoader: () => new FlatLoader(format, length),
    };
  }
  if (leaf?.className === 'TLeafC' || branch.element?.streamerType === 65 || branch.element?.streamerType === 365)
    return { info: { ...base, kind: 'string', typeName: 'string' }, branch, newLoader: () => new TextLoader(0) };
  const why = 'this version cannot read it';
  return {
    info: { ...base, kind: 'unreadable', typeName: branch.element?.className ?? branch.className, why },
    branch,
    newLoader: undefined,
  };
}
