/** Entries of a table as plain objects, for people and for `proof root dump`. */
import type { ColumnData, Table } from '../table.js';

/** Entries read at once. */
const STEP = 1000;

/** @param names without it, all columns that can be read and whose branch has those entries */
export async function* dumpEntries(
  table: Table,
  { first, end }: { first: number; end: number },
  names?: readonly string[],
): AsyncGenerator<Record<string, unknown>> {
  const wanted =
    names ??
    table.columns
      .filter(({ kind, entries = end }) => kind !== 'unreadable' && entries >= end)
      .map((column) => column.name);
  const reader = table.reader(wanted);
  for (let begin = first; begin < end; begin += STEP) {
    const last = Math.min(end, begin + STEP);
    await reader.load(begin, last);
    const columns = wanted.map((name) => [name, reader.column(name)] as const);
    for (let i = 0; i < last - begin; i++)
      yield { entry: begin + i, ...Object.fromEntries(columns.map(([name, data]) => [name, valueAt(data, i)])) };
  }
}

/** Value of entry i of what was loaded: a number, text, a list of them, a list of lists, or an object. */
export function valueAt(data: ColumnData, i: number): unknown {
  switch (data.kind) {
    case 'flat':
      return data.length === 1
        ? data.values[i]
        : Array.from<number | bigint>(data.values.subarray(i * data.length, (i + 1) * data.length));
    case 'list':
      return Array.from<number | bigint>(data.values.subarray(data.offsets[i], data.offsets[i + 1]));
    case 'nested': {
      const lists: unknown[] = [];
      for (let k = data.offsets[i]!; k < data.offsets[i + 1]!; k++)
        lists.push(Array.from<number | bigint>(data.values.subarray(data.inner[k], data.inner[k + 1])));
      return lists;
    }
    case 'strings':
      return data.values.slice(data.offsets[i], data.offsets[i + 1]);
    default:
      return data.values[i];
  }
}
