/** Trees that we write, read back by JSROOT, value by value. */
import { expect } from 'chai';
import type { Compression } from '../../../rootio/write/block-compressor.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import type { ColumnSpec } from '../../../rootio/write/tree-columns.js';
import type { Batch, TreeOptions, TreeWriter } from '../../../rootio/write/tree-writer.js';
import { type JsrootTree, openWithJsroot, readColumns } from '../../support/jsroot-reader.js';

async function writtenTree(
  columns: readonly ColumnSpec[],
  fill: (tree: TreeWriter) => void,
  options: TreeOptions & { compression?: Compression } = {},
): Promise<JsrootTree> {
  const sink = new MemorySink();
  const file = await RootFileWriter.onto(sink, { compression: options.compression ?? 'zlib' });
  const tree = file.tree('t', 'a tree', columns, options);
  fill(tree);
  file.close();
  const read = await openWithJsroot(Buffer.from(sink.bytes));
  return (await read.readObject('t')) as JsrootTree;
}
const numbers = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i));

/** Lists of lengths 0, 1, .. cycle - 1, 0, 1, .. */
function lists<T extends { length: number }>(n: number, cycle: number, make: (length: number) => T) {
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) offsets[i + 1] = offsets[i]! + (i % cycle);
  return { offsets, values: make(offsets[n]!) };
}

describe('rootio/write: trees', () => {
  const n = 5000;
  const flat: Batch = {
    o: Uint8Array.from(numbers(n, (i) => i & 1)),
    b: Int8Array.from(numbers(n, (i) => (i % 256) - 128)),
    B: Uint8Array.from(numbers(n, (i) => i % 256)),
    s: Int16Array.from(numbers(n, (i) => i * 13 - 30000)),
    S: Uint16Array.from(numbers(n, (i) => i * 13)),
    i: Int32Array.from(numbers(n, (i) => -i * 400000)),
    I: Uint32Array.from(numbers(n, (i) => i * 800000)),
    l: BigInt64Array.from(
      numbers(n, (i) => i),
      (v) => 2n ** 40n - BigInt(v),
    ),
    L: BigUint64Array.from(
      numbers(n, (i) => i),
      (v) => BigInt(v),
    ),
    f: Float32Array.from(numbers(n, (i) => i / 3)),
    d: Float64Array.from(numbers(n, (i) => Math.sin(i))),
  };
  const types = [
    'bool',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'float32',
    'float64',
  ];
  const flatColumns = Object.keys(flat).map((name, i) => ({ name, type: types[i] as ColumnSpec['type'] }));

  for (const compression of ['none', 'zlib', 'lz4', 'lzma'] as const)
    it(`${compression}: flat columns of every type come back`, async () => {
      const tree = await writtenTree(flatColumns, (t) => t.append(flat, n), { compression, basketBytes: 3000 });
      expect(tree.fEntries).to.equal(n);
      const found = await readColumns(tree, Object.keys(flat));
      for (const [name, given] of Object.entries(flat))
        expect(found[name]!.map(Number), name).to.deep.equal(Array.from(given as ArrayLike<number>, Number));
    });

  it('lists with their own counter and with a shared one come back', async () => {
    const a = lists(n, 4, (length) => Float64Array.from(numbers(length, (i) => i * 1.5)));
    const b = lists(n, 3, (length) => Int16Array.from(numbers(length, (i) => i - 7)));
    const c = { offsets: b.offsets, values: Uint8Array.from(b.values) };
    const columns: ColumnSpec[] = [
      { name: 'a', type: 'float64', list: true },
      { name: 'Mu_b', type: 'int16', list: 'nMu' },
      { name: 'Mu_c', type: 'uint8', list: 'nMu' },
    ];
    const tree = await writtenTree(columns, (t) => t.append({ a, Mu_b: b, Mu_c: c }, n), { basketBytes: 2000 });
    expect(tree.fBranches.arr.map(({ fTitle }) => fTitle)).to.deep.equal([
      'na/I',
      'a[na]/D',
      'nMu/I',
      'Mu_b[nMu]/S',
      'Mu_c[nMu]/b',
    ]);
    const found = await readColumns(tree, ['na', 'a', 'nMu', 'Mu_b', 'Mu_c']);
    for (let i = 0; i < n; i++) {
      expect(found['na']![i]).to.equal(i % 4);
      expect(found['nMu']![i]).to.equal(i % 3);
      for (const [name, list] of [
        ['a', a],
        ['Mu_b', b],
        ['Mu_c', c],
      ] as const)
        expect(found[name]![i]).to.deep.equal(Array.from(list.values.subarray(list.offsets[i], list.offsets[i + 1])));
    }
  });

  it('a counter may be named among the columns: it stands before its lists and follows them', async () => {
    const a = lists(n, 4, (length) => new Float32Array(length));
    const columns: ColumnSpec[] = [
      { name: 'Jet_pt', type: 'float32', list: 'nJet' },
      { name: 'nJet', type: 'uint32' },
    ];
    const tree = await writtenTree(columns, (t) => t.append({ Jet_pt: a }, n));
    expect(tree.fBranches.arr.map(({ fTitle }) => fTitle)).to.deep.equal(['nJet/i', 'Jet_pt[nJet]/F']);
    expect((await readColumns(tree, ['nJet']))['nJet']).to.deep.equal(numbers(n, (i) => i % 4));
    expect(tree.fBranches.arr[0]!.fLeaves.arr[0]).to.include({ fIsRange: true, fMaximum: 3 });
  });

  it('lists that are all empty, and lists longer than baskets and than 16 MB, come back', async () => {
    const empty = { offsets: new Int32Array(4), values: new Float32Array(0) };
    const long = { offsets: Int32Array.of(0, 2, 5_000_002, 5_000_003), values: new Float32Array(5_000_003).fill(2) };
    const columns: ColumnSpec[] = [
      { name: 'empty', type: 'float32', list: true },
      { name: 'long', type: 'float32', list: true },
    ];
    const tree = await writtenTree(columns, (t) => t.append({ empty, long }, 3), { basketBytes: 1000 });
    const found = await readColumns(tree, ['nempty', 'empty', 'nlong', 'long']);
    expect(found['empty']).to.deep.equal([[], [], []]);
    expect(found['nlong']).to.deep.equal([2, 5_000_000, 1]);
    expect(found['long']!.map((list) => (list as number[]).length)).to.deep.equal(found['nlong']);
    expect((found['long']![1] as number[]).every((value) => value === 2)).to.equal(true);
  });

  it('texts come back: empty, long, not ASCII', async () => {
    const texts = numbers(n, (i) => i).map((i) => (i % 7 === 0 ? '' : i % 100 === 1 ? 'ü'.repeat(i) : `text ${i}`));
    const columns: ColumnSpec[] = [{ name: 's', type: 'string' }];
    const tree = await writtenTree(columns, (t) => t.append({ s: texts }, n), { basketBytes: 4000 });
    const { s } = await readColumns(tree, ['s']);
    expect(s!.map((text) => Buffer.from(String(text), 'latin1').toString('utf8'))).to.deep.equal(texts);
    expect(tree.fBranches.arr[0]!.fLeaves.arr[0]).to.include({ fLen: 2 * 4901 + 1 });
  });

  it('arrays of fixed length come back, in lists too', async () => {
    const columns: ColumnSpec[] = [
      { name: 'p', type: 'float32', length: 3 },
      { name: 'q', type: 'int32', length: 2, list: true },
    ];
    const p = Float32Array.from(numbers(3 * n, (i) => i));
    const q = { ...lists(n, 3, () => []), values: Int32Array.from(numbers(2 * n, (i) => i)) };
    const tree = await writtenTree(columns, (t) => t.append({ p, q }, n), { basketBytes: 1000 });
    expect(tree.fBranches.arr.map(({ fTitle }) => fTitle)).to.deep.equal(['p[3]/F', 'nq/I', 'q[nq][2]/I']);
    const found = await readColumns(tree, ['p', 'nq', 'q']);
    expect(found['p']!.flat()).to.deep.equal(Array.from(p));
    expect(found['q']!.flat(2)).to.deep.equal(Array.from(q.values.subarray(0, 2 * q.offsets[n]!)));
  });

  it('baskets of all branches end together at the end of each cluster', async () => {
    const columns: ColumnSpec[] = [
      { name: 'x', type: 'float64' },
      { name: 'v', type: 'float32', list: true },
    ];
    const v = lists(n, 5, (length) => new Float32Array(length));
    const fill = (t: TreeWriter) => {
      // In uneven portions: clusters do not follow the batches.
      for (let first = 0; first < n; first += 777) {
        const count = Math.min(777, n - first);
        const part = { offsets: v.offsets.subarray(first), values: v.values };
        t.append({ x: new Float64Array(count), v: part }, count);
      }
    };
    const tree = await writtenTree(columns, fill, { basketBytes: 1000, autoFlush: 1024 });
    expect(tree.fAutoFlush).to.equal(1024);
    for (const branch of tree.fBranches.arr) {
      const starts = Array.from(branch.fBasketEntry).slice(0, branch.fWriteBasket + 1);
      expect(starts, branch.fName).to.include.members([0, 1024, 2048, 3072, 4096, 5000]);
    }
  });

  it('texts about the tree travel inside it', async () => {
    const columns: ColumnSpec[] = [{ name: 'x', type: 'int8' }];
    const told = await writtenTree(columns, () => {}, { userInfo: ['{"query":"q1"}', 'second'] });
    expect(told.fUserInfo?.arr.map(({ fString }) => fString)).to.deep.equal(['{"query":"q1"}', 'second']);
    expect((await writtenTree(columns, () => {})).fUserInfo).to.equal(null);
  });

  it('an empty tree has its branches and no entries', async () => {
    const tree = await writtenTree(flatColumns, () => {});
    expect(tree.fEntries).to.equal(0);
    expect(tree.fBranches.arr.map(({ fName }) => fName)).to.deep.equal(Object.keys(flat));
  });

  it('refuses what does not fit, and appends nothing of it', async () => {
    const sink = new MemorySink();
    const file = await RootFileWriter.onto(sink);
    const refuses = (act: () => void, why: RegExp) =>
      expect(act).to.throw(why).with.property('code', 'ROOT_TREE_SHAPE');
    refuses(() => file.tree('t', '', []), /at least one column/);
    refuses(
      () =>
        file.tree('t', '', [
          { name: 'x', type: 'int8' },
          { name: 'x', type: 'int8' },
        ]),
      /Two columns/,
    );
    refuses(() => file.tree('t', '', [{ name: 'x', type: 'int8', length: 0 }]), /length 0/);
    refuses(() => file.tree('t', '', [{ name: 'x', type: 'string', list: true }]), /holds text/);
    refuses(
      () =>
        file.tree('t', '', [
          { name: 'v', type: 'int8', list: 'n' },
          { name: 'n', type: 'float32' },
        ]),
      /counts the elements of v/,
    );
    refuses(() => file.tree('t', '', [{ name: 'x', type: 'int8' }], { autoFlush: 0 }), /autoFlush.* is 0/);
    refuses(() => file.tree('t', '', [{ name: 'x', type: 'int8' }], { basketBytes: 2.5 }), /basketBytes is 2.5/);
    const texts = file.tree('texts', '', [{ name: 's', type: 'string' }]);
    refuses(() => texts.append({ s: ['a'] }, 2), /needs an array of 2 strings/);
    refuses(() => texts.append({ s: ['a', 7] as unknown as string[] }, 2), /entry 1 of the batch is no string/);
    const tree = file.tree('t', '', [
      { name: 'x', type: 'float32' },
      { name: 'v', type: 'int32', list: true },
    ]);
    const w = { offsets: [0, 1, 2], values: new Int32Array(2) };
    const shared = file.tree('shared', '', [
      { name: 'a', type: 'int32', list: 'n' },
      { name: 'b', type: 'int32', list: 'n' },
    ]);
    refuses(
      () => shared.append({ a: w, b: { ...w, offsets: [0, 0, 2] } }, 2),
      /not as long as counter n says \(entry 0\)/,
    );
    const v = { offsets: [0, 1, 2], values: new Int32Array(2) };
    refuses(() => tree.append({ v }, 2), /Column x: missing/);
    refuses(() => tree.append({ x: new Float64Array(2), v }, 2), /Column x: needs its values in a Float32Array/);
    refuses(() => tree.append({ x: new Float32Array(1), v }, 2), /has 1 numbers, needs 2/);
    refuses(() => tree.append({ x: new Float32Array(3), v }, 3), /Column v: needs 4 offsets/);
    refuses(() => tree.append({ x: new Float32Array(2), v: { ...v, offsets: [0, 2, 1] } }, 2), /must not descend/);
    refuses(() => tree.append({ x: new Float32Array(2), v: { ...v, offsets: [0, 1, 9] } }, 2), /reach past/);
    expect(tree.entries).to.equal(0);
    tree.close();
    refuses(() => tree.append({ x: new Float32Array(2), v }, 2), /closed/);
    file.abort();
  });
});
