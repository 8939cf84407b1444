import { expect } from 'chai';
import { ColumnSet } from '../../../analysis/column-set.js';
import { ColumnUseError, NoSuchBranchError } from '../../../analysis/errors.js';
import type { ColumnData, ColumnInfo, Table } from '../../../rootio/table.js';
import { memoryTable } from '../../support/memory-table.js';
import { loadSelector, runOver } from '../../support/programs.js';

/** One column of a given form, loaded from entry 100 on. */
function tableOf(info: Partial<ColumnInfo> & { name: string }, data: ColumnData): Table {
  const column = { kind: data.kind, typeName: '', title: '', ...info } as ColumnInfo;
  const reader = { load: () => undefined, prefetch: () => undefined, column: () => data, bytesRead: 0 };
  return {
    name: 't',
    title: '',
    className: 'T',
    entries: 200,
    clusters: [0, 200],
    columns: [column],
    reader: () => reader,
  };
}
function columnOf(info: Partial<ColumnInfo>, data: ColumnData) {
  const set = new ColumnSet(tableOf({ name: 'x', ...info }, data), ['x'], 'f.root');
  set.bind(100);
  return set.accessors['x']!;
}

describe('analysis: columns', () => {
  it('give numbers of every type by the entry in the file', () => {
    for (const [type, values] of [
      ['int8', Int8Array.of(-1, 2)],
      ['uint16', Uint16Array.of(65_535, 2)],
      ['float32', Float32Array.of(0.5, 2)],
      ['bool', Uint8Array.of(1, 0)],
    ] as const) {
      const x = columnOf({ type, length: 1 }, { kind: 'flat', values, length: 1 });
      expect([x.at(100), x.at(101), x.at(101, 0), x.count(100)]).to.deep.equal([values[0], values[1], values[1], 1]);
      expect(() => x.at(102)).to.throw(ColumnUseError, 'x has no element 0 in entry 102');
      expect(() => x.at(99)).to.throw(ColumnUseError);
      expect(() => x.at(100, 1)).to.throw(ColumnUseError, 'no element 1');
    }
  });

  it('give 64-bit integers as numbers up to 2^53, and an error beyond', () => {
    const safe = [0n, -1n, 2n ** 53n, -(2n ** 53n), 4_294_967_295n, -4_294_967_297n];
    const signed = columnOf(
      { type: 'int64', length: 1 },
      { kind: 'flat', values: BigInt64Array.from([...safe, 2n ** 53n + 1n, -(2n ** 63n)]), length: 1 },
    );
    expect(safe.map((_, i) => signed.at(100 + i))).to.deep.equal(safe.map(Number));
    for (const entry of [106, 107])
      expect(() => signed.at(entry)).to.throw(ColumnUseError, `x in entry ${entry} is beyond 2^53`);
    const unsigned = columnOf(
      { type: 'uint64', length: 1 },
      { kind: 'flat', values: BigUint64Array.of(2n ** 40n, 2n ** 64n - 1n), length: 1 },
    );
    expect(unsigned.at(100)).to.equal(2 ** 40);
    expect(() => unsigned.at(101)).to.throw(ColumnUseError, 'beyond 2^53');
  });

  it('never read into the next entry of a list, a fixed array or a list of lists', () => {
    const list = columnOf(
      { type: 'float64' },
      { kind: 'list', offsets: Int32Array.of(0, 2, 2, 3), values: Float64Array.of(1, 2, 3) },
    );
    expect([list.count(100), list.count(101), list.at(100, 1), list.at(102, 0), list.at(102)]).to.deep.equal([
      2, 0, 2, 3, 3,
    ]);
    for (const [entry, i] of [
      [100, 2],
      [101, 0],
      [100, -1],
      [103, 0],
    ] as const)
      expect(() => list.at(entry, i), `${entry} ${i}`).to.throw(ColumnUseError);
    expect(() => list.count(103)).to.throw(ColumnUseError);
    const fixed = columnOf(
      { type: 'int32', length: 2 },
      { kind: 'flat', values: Int32Array.of(1, 2, 3, 4), length: 2 },
    );
    expect([fixed.at(101, 1), fixed.at(101), fixed.count(100)]).to.deep.equal([4, 3, 2]);
    expect(() => fixed.at(100, 2)).to.throw(ColumnUseError);
    const nested = columnOf(
      { type: 'int32' },
      {
        kind: 'nested',
        offsets: Int32Array.of(0, 2, 3),
        inner: Int32Array.of(0, 1, 1, 3),
        values: Int32Array.of(7, 8, 9),
      },
    );
    expect([
      nested.count(100),
      nested.count(100, 1),
      nested.count(101, 0),
      nested.at(100, 0, 0),
      nested.at(101, 0, 1),
    ]).to.deep.equal([2, 0, 2, 7, 9]);
    expect(() => nested.at(100, 1, 0)).to.throw(ColumnUseError);
    expect(() => nested.at(100, 2, 0)).to.throw(ColumnUseError);
  });

  it('give text, and say how where numbers are asked for', () => {
    const text = columnOf({}, { kind: 'strings', offsets: Int32Array.of(0, 2), values: ['a', 'b'] });
    expect([text.text(100, 1), text.count(100), text.value(100)]).to.deep.equal(['b', 2, ['a', 'b']]);
    expect(() => text.at(100)).to.throw(ColumnUseError, 'use text(entry)');
    expect(() => text.text(100, 2)).to.throw(ColumnUseError);
    expect(columnOf({}, { kind: 'object', values: [{ a: 1 }] }).value(100)).to.deep.equal({ a: 1 });
  });

  it('name the nearest branch for one that the file has not or the selector does not name', () => {
    const table = memoryTable({ muon_pt: Float32Array.of(1), 'muon/eta': Float32Array.of(2) });
    expect(() => new ColumnSet(table, ['muon_px'], 'f.root')).to.throw(
      NoSuchBranchError,
      'f.root has no branch muon_px. Did you mean muon_pt?',
    );
    const set = new ColumnSet(table, ['muon_pt', 'eta', 'muon.eta'], 'f.root');
    set.reader.load(0, 1);
    set.bind(0);
    expect(set.accessors['eta']!.at(0)).to.equal(2);
    expect(set.accessors['muon.eta']!.at(0)).to.equal(2);
    expect(() => set.accessors['muon_p']).to.throw(
      ColumnUseError,
      'do not name muon_p, so it is not read. Did you mean muon_pt?',
    );
    expect(() => set.data('energy')).to.throw(ColumnUseError);
  });

  it('are used on for another file where they are of the same shapes, and made anew where they are not', () => {
    const floats = (...values: number[]) => memoryTable({ x: Float32Array.from(values), n: Int32Array.of(1) });
    const first = new ColumnSet(floats(1), ['x', 'n'], 'a.root');
    const same = new ColumnSet(floats(2), ['x', 'n'], 'b.root', first);
    expect(same.accessors).to.equal(first.accessors);
    const doubles = memoryTable({ x: Float64Array.of(0.1), n: Int32Array.of(1) });
    const other = new ColumnSet(doubles, ['x', 'n'], 'c.root', same);
    expect(other.accessors).not.to.equal(first.accessors);
    for (const [set, value] of [
      [first, 1],
      [same, 2],
      [other, 0.1],
      [first, 1],
    ] as const) {
      set.reader.load(0, 1);
      set.bind(0);
      expect(set.accessors['x']!.at(0)).to.equal(value);
    }
  });

  it('come as arrays in batches, 64-bit ones included, with hints for the wrong kind', async () => {
    const source = `
      import { Selector } from 'proof-grid';
      export default class B extends Selector {
        override branches = ['x', 'id', 'pt'];
        found = this.list('found');
        override processBatch(batch): void {
          const { offsets, values } = batch.lists('pt');
          this.found.push([batch.first, batch.end, batch.length, batch.flat('x').constructor.name, String(batch.flat('id')[0]), offsets[1], values.length]);
          try { batch.flat('pt'); } catch (error) { this.found.push(error.message); }
        }
      }`;
    const table = memoryTable({ x: Float32Array.of(1, 2), id: BigInt64Array.of(2n ** 60n, 1n), pt: [[1, 2], [3]] });
    const [list] = await runOver(await loadSelector(source), [table]);
    expect(list).to.deep.include({
      items: [[0, 2, 2, 'Float32Array', String(2n ** 60n), 2, 3], "pt is not flat but list: use batch.lists('pt')."],
    });
  });
});
