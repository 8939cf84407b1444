/** A table held in memory, for tests of what runs over tables without any file. Columns are given whole. */
import type { ColumnData, ColumnInfo, ColumnReader, NumberArray, NumberType, Table } from '../../rootio/table.js';

type Given = NumberArray | readonly (readonly number[])[] | readonly string[];

export interface MemoryTableOptions {
  readonly name?: string;
  /** Ascending boundaries; without them the table is one cluster. */
  readonly clusters?: readonly number[];
}

/** Typed arrays become flat columns, arrays of arrays lists of doubles, arrays of text strings. */
export function memoryTable(columns: Readonly<Record<string, Given>>, options: MemoryTableOptions = {}): Table {
  const entries = Object.values(columns)[0]?.length ?? 0;
  const infos = Object.entries(columns).map(([name, given]) => infoOf(name, given));
  return {
    name: options.name ?? 'events',
    title: '',
    className: 'MemoryTable',
    entries,
    clusters: options.clusters ?? [0, entries],
    columns: infos,
    reader: () => new MemoryReader(columns),
  };
}

class MemoryReader implements ColumnReader {
  bytesRead = 0;
  #first = 0;
  #end = 0;
  constructor(readonly columns: Readonly<Record<string, Given>>) {}
  load(first: number, end: number): void {
    this.#first = first;
    this.#end = end;
    this.bytesRead += end - first;
  }
  prefetch(): void {}
  column(name: string): ColumnData {
    const given = this.columns[name]!;
    const [first, end] = [this.#first, this.#end];
    if (ArrayBuffer.isView(given)) return { kind: 'flat', values: given.slice(first, end) as NumberArray, length: 1 };
    const rows = given.slice(first, end);
    if (typeof rows[0] === 'string') return { kind: 'string', values: rows as string[] };
    const lists = rows as (readonly number[])[];
    const offsets = Int32Array.from({ length: lists.length + 1 }, () => 0);
    lists.forEach((list, i) => {
      offsets[i + 1] = offsets[i]! + list.length;
    });
    return { kind: 'list', offsets, values: Float64Array.from(lists.flat()) };
  }
}

const TYPES: readonly [abstract new (...args: never[]) => NumberArray, NumberType][] = [
  [Int8Array, 'int8'],
  [Uint8Array, 'bool'],
  [Int16Array, 'int16'],
  [Uint16Array, 'uint16'],
  [Int32Array, 'int32'],
  [Uint32Array, 'uint32'],
  [BigInt64Array, 'int64'],
  [BigUint64Array, 'uint64'],
  [Float32Array, 'float32'],
];

function infoOf(name: string, given: Given): ColumnInfo {
  if (!ArrayBuffer.isView(given)) {
    const kind = typeof given[0] === 'string' ? 'string' : 'list';
    return { name, kind, typeName: kind, title: '', ...(kind === 'list' ? { type: 'float64' as const } : {}) };
  }
  const type = TYPES.find(([array]) => given instanceof array)?.[1] ?? 'float64';
  return { name, kind: 'flat', type, length: 1, typeName: type, title: '' };
}
