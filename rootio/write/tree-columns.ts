/**
 * What a TTree to be written consists of: the caller's columns, checked, and completed with the counters of their lists.
 */
import type { NumberType } from '../table.js';
import { TreeShapeError } from './write-errors.js';

export interface ColumnSpec {
  readonly name: string;
  readonly type: NumberType | 'string';
  /** A list of numbers an entry: `true` gives it a counter branch `nNAME` of its own, a name shares that counter (`nMuon`). */
  readonly list?: true | string;
  /** Numbers an entry of a flat column, or an element of a list: 1 unless told. */
  readonly length?: number;
}

/** One branch with one leaf, as it will stand in the file. */
export interface BranchShape {
  readonly name: string;
  readonly type: NumberType | 'string';
  readonly kind: 'flat' | 'list' | 'string';
  /** Numbers an entry, or an element of a list. */
  readonly length: number;
  /** list: its counter. */
  readonly counter?: string;
  /** The first list whose lengths this counter branch takes; such a branch is not in the caller's batches. */
  readonly counts?: string;
}

export interface NumberFormat {
  /** `F` of TLeafF. */
  readonly letter: 'O' | 'B' | 'S' | 'I' | 'L' | 'F' | 'D';
  readonly bytes: 1 | 2 | 4 | 8;
  readonly unsigned: boolean;
}

export const NUMBER_FORMATS: Readonly<Record<NumberType, NumberFormat>> = {
  bool: { letter: 'O', bytes: 1, unsigned: false },
  int8: { letter: 'B', bytes: 1, unsigned: false },
  uint8: { letter: 'B', bytes: 1, unsigned: true },
  int16: { letter: 'S', bytes: 2, unsigned: false },
  uint16: { letter: 'S', bytes: 2, unsigned: true },
  int32: { letter: 'I', bytes: 4, unsigned: false },
  uint32: { letter: 'I', bytes: 4, unsigned: true },
  int64: { letter: 'L', bytes: 8, unsigned: false },
  uint64: { letter: 'L', bytes: 8, unsigned: true },
  float32: { letter: 'F', bytes: 4, unsigned: false },
  float64: { letter: 'D', bytes: 8, unsigned: false },
};

/**
 * The branches of a tree: each counter stands before the first list that uses it.
 * @throws {TreeShapeError} no column, a name twice, a text as list, a length that is none
 */
export function branchShapes(columns: readonly ColumnSpec[]): BranchShape[] {
  if (columns.length === 0) throw new TreeShapeError('A tree needs at least one column.');
  const shapes: BranchShape[] = [];
  const counters = new Set<string>();
  for (const column of columns) {
    const { name, type, list, length = 1 } = column;
    if (name === '') throw new TreeShapeError('A column needs a name.');
    if (!Number.isInteger(length) || length < 1)
      throw new TreeShapeError(`Column ${name} has length ${length}; give a whole number from 1.`);
    if (type === 'string') {
      if (list !== undefined || length !== 1)
        throw new TreeShapeError(
          `Column ${name} holds text: one string an entry, neither list nor array, can be written.`,
        );
      shapes.push({ name, type, kind: 'string', length });
    } else if (list === undefined) shapes.push({ name, type, kind: 'flat', length });
    else {
      const counter = list === true ? `n${name}` : list;
      if (!counters.has(counter)) {
        shapes.push({ name: counter, type: 'int32', kind: 'flat', length: 1, counts: name });
        counters.add(counter);
      }
      shapes.push({ name, type, kind: 'list', length, counter });
    }
  }
  const names = new Set<string>();
  for (const { name } of shapes) {
    if (names.has(name)) throw new TreeShapeError(`Two columns of the tree would be called ${name}; rename one.`);
    names.add(name);
  }
  return shapes;
}
