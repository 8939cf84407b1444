/** A part of what a column has loaded, in the same form: views where it can be, offsets from 0 again. Pure. */
import type { ColumnData, NumberArray } from '../rootio/table.js';

/** Entries [first, end) of those that are there, counted from 0. */
export function sliceColumn(data: ColumnData, first: number, end: number): ColumnData {
  switch (data.kind) {
    case 'flat':
      return { ...data, values: cut(data.values, first * data.length, end * data.length) };
    case 'list': {
      const { offsets, from, to } = rebased(data.offsets, first, end);
      return { ...data, offsets, values: cut(data.values, from, to) };
    }
    case 'nested': {
      const { offsets, from, to } = rebased(data.offsets, first, end);
      const inner = rebased(data.inner, from, to);
      return { ...data, offsets, inner: inner.offsets, values: cut(data.values, inner.from, inner.to) };
    }
    case 'strings': {
      const { offsets, from, to } = rebased(data.offsets, first, end);
      return { ...data, offsets, values: data.values.slice(from, to) };
    }
    case 'string':
      return { ...data, values: data.values.slice(first, end) };
    case 'object':
      return { ...data, values: data.values.slice(first, end) };
  }
}

const cut = (values: NumberArray, from: number, to: number): NumberArray => values.subarray(from, to);

function rebased(offsets: Int32Array, first: number, end: number): { offsets: Int32Array; from: number; to: number } {
  const from = offsets[first]!;
  return { offsets: offsets.slice(first, end + 1).map((at) => at - from), from, to: offsets[end]! };
}
