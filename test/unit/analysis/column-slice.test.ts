import { expect } from 'chai';
import { sliceColumn } from '../../../analysis/column-slice.js';
import type { ColumnData } from '../../../rootio/table.js';

/** What an entry of a column holds, whatever its form. */
function entriesOf(data: ColumnData, n: number): unknown[] {
  const list = (offsets: Int32Array, k: number): number[] =>
    Array.from({ length: offsets[k + 1]! - offsets[k]! }, (_, i) => offsets[k]! + i);
  return Array.from({ length: n }, (_, k) => {
    switch (data.kind) {
      case 'flat':
        return [...data.values.slice(k * data.length, (k + 1) * data.length)];
      case 'list':
        return list(data.offsets, k).map((i) => data.values[i]);
      case 'nested':
        return list(data.offsets, k).map((i) => list(data.inner, i).map((j) => data.values[j]));
      case 'strings':
        return list(data.offsets, k).map((i) => data.values[i]);
      default:
        return data.values[k];
    }
  });
}

describe('analysis: a part of a column', () => {
  it('holds the same entries as the whole, in the same form, with offsets from 0', () => {
    const offsets = Int32Array.from([0, 2, 2, 5, 6]);
    const columns: ColumnData[] = [
      { kind: 'flat', length: 2, values: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) },
      { kind: 'list', offsets, values: Int32Array.from([1, 2, 3, 4, 5, 6]) },
      {
        kind: 'nested',
        offsets,
        inner: Int32Array.from([0, 1, 1, 3, 4, 4, 7]),
        values: Float64Array.from([1, 2, 3, 4, 5, 6, 7]),
      },
      { kind: 'strings', offsets, values: ['a', 'b', 'c', 'd', 'e', 'f'] },
      { kind: 'string', values: ['a', 'b', 'c', 'd'] },
      { kind: 'object', values: [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }] },
    ];
    for (const data of columns)
      for (let first = 0; first < 4; first++)
        for (let end = first + 1; end <= 4; end++) {
          const part = sliceColumn(data, first, end);
          expect(entriesOf(part, end - first), `${data.kind} ${first} ${end}`).to.deep.equal(
            entriesOf(data, 4).slice(first, end),
          );
          if ('offsets' in part) expect([part.offsets[0], part.offsets.length]).to.deep.equal([0, end - first + 1]);
        }
  });
});
