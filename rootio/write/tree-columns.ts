/**
 * What a TTree to be written consists of: the caller's columns, checked, and completed with the counters of their lists.
 */
import type { NumberType } from '../table.js';
import { checkName } from './record-key.js';
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
 * The branches of a tree: each counter stands before the first list that uses it. A counter may be among the columns
 * (int32 or uint32); its values are always those of the lists.
 * @throws {TreeShapeError} no column, a name twice, a text as list, a length that is none, a counter that cannot count
 */
export function branchShapes(columns: readonly ColumnSpec[]): BranchShape[] {
  if (columns.length === 0) throw new TreeShapeError('A tree needs at least one column.');
  for (const column of columns) checkColumn(column);
  const declared = new Map(columns.map((column) => [column.name, column]));
  const lists = columns.filter((column) => column.list !== undefined);
  const counters = new Set(lists.map(counterOf));
  const shapes: BranchShape[] = [];
  const names = new Set<string>();
  for (const column of columns) {
    if (counters.has(column.name) && column.list === undefined) continue;
    if (column.list !== undefined) {
      const counter = counterOf(column);
      const isFirst = !shapes.some((shape) => shape.counter === counter);
      if (isFirst) shapes.push(counterShape(counter, declared.get(counter), column.name));
    }
    shapes.push(shapeOf(column));
  }
  for (const { name } of shapes) {
    if (names.has(name)) throw new TreeShapeError(`Two columns of the tree would be called ${name}; rename one.`);
    names.add(name);
  }
  return shapes;
}

const counterOf = ({ name, list }: ColumnSpec) => (typeof list === 'string' ? list : `n${name}`);

function checkColumn({ name, type, list, length = 1 }: ColumnSpec): void {
  checkName(name);
  if (!Number.isInteger(length) || length < 1)
    throw new TreeShapeError(`Column ${name} has length ${length}; give a whole number from 1.`);
  if (type === 'string' && (list !== undefined || length !== 1))
    throw new TreeShapeError(`Column ${name} holds text: one string an entry, neither list nor array, can be written.`);
}

function counterShape(name: string, declared: ColumnSpec | undefined, counts: string): BranchShape {
  const { type, list, length = 1 } = declared ?? { type: 'int32' };
  if ((type !== 'int32' && type !== 'uint32') || list !== undefined || length !== 1)
    throw new TreeShapeError(
      `Column ${name} counts the elements of ${counts}: it must be one int32 or uint32 an entry.`,
    );
  return { name, type, kind: 'flat', length: 1, counts };
}

function shapeOf(column: ColumnSpec): BranchShape {
  const { name, type, length = 1 } = column;
  if (type === 'string') return { name, type, kind: 'string', length };
  if (column.list === undefined) return { name, type, kind: 'flat', length };
  return { name, type, kind: 'list', length, counter: counterOf(column) };
}
