/** Baskets laid by hand: not aligned with one another or with what is asked for, with and without entry offsets. */
import { expect } from 'chai';
import { codecs } from '../../../rootio/compression/tier.js';
import { ObjectStreamer } from '../../../rootio/jsroot/structure.js';
import type { Branch, Leaf, TreeRecord } from '../../../rootio/tree/branch.js';
import { TreeTable } from '../../../rootio/tree/tree-table.js';
import { bytesSource } from '../../support/byte-sources.js';

const KEY_BYTES = 40;

/** A basket as it lies in a file: a key, big-endian numbers, and the begins of the entries where they are given. */
function basketBytes(numbers: readonly number[], entries: number, begins?: readonly number[]): Buffer {
  const tail = begins === undefined ? 0 : 4 + 4 * (begins.length + 1);
  const bytes = Buffer.alloc(KEY_BYTES + 4 * numbers.length + tail);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(bytes.length - KEY_BYTES, 6);
  bytes.writeUInt16BE(KEY_BYTES, 14);
  bytes.writeInt32BE(entries, KEY_BYTES - 9);
  bytes.writeInt32BE(KEY_BYTES + 4 * numbers.length, KEY_BYTES - 5);
  for (const [i, value] of numbers.entries()) bytes.writeInt32BE(value, KEY_BYTES + 4 * i);
  if (begins === undefined) return bytes;
  const border = KEY_BYTES + 4 * numbers.length;
  bytes.writeInt32BE(begins.length + 1, border);
  for (const [i, begin] of begins.entries()) bytes.writeInt32BE(KEY_BYTES + begin, border + 4 + 4 * i);
  return bytes;
}

/** A tree of int32 branches: each is its baskets, as bytes and numbers of entries. */
class TreeByHand {
  readonly #parts: Buffer[] = [];
  readonly branches: Branch[] = [];
  #length = 0;

  add(
    name: string,
    baskets: readonly (readonly [entries: number, bytes: Buffer])[],
    extra: Partial<Branch> = {},
    leaf: Partial<Leaf> = {},
  ): void {
    let first = 0;
    const placed = baskets.map(([entries, bytes]) => {
      const basket = { first, end: first + entries, seek: this.#length, nbytes: bytes.length };
      this.#parts.push(bytes);
      this.#length += bytes.length;
      first += entries;
      return basket;
    });
    const own: Leaf = {
      className: 'TLeafI',
      name,
      title: name,
      length: 1,
      isVirtual: false,
      isUnsigned: false,
      type: -1,
      count: undefined,
      ...leaf,
    };
    this.branches.push({
      ...{
        className: 'TBranch',
        name,
        path: name,
        title: name,
        entries: first,
        baskets: placed,
        leaves: [own],
        children: [],
      },
      ...{ parent: undefined, fileName: '', entryOffsetLen: 0, generatesOffsets: false, element: undefined, ...extra },
    });
  }

  async table(): Promise<TreeTable> {
    const entries = this.branches[0]!.entries;
    const record: TreeRecord = {
      name: 't',
      title: '',
      className: 'TTree',
      entries,
      branches: this.branches,
      clusters: [0, entries],
      friends: [],
    };
    const file = { source: bytesSource(Buffer.concat(this.#parts)), codecs: await codecs() };
    return new TreeTable(file, record, new ObjectStreamer('memory:test'), record.name);
  }
}

const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

describe('rootio: the reader of trees', () => {
  it('reads every range of branches whose baskets do not fit one another', async () => {
    const tree = new TreeByHand();
    tree.add('a', [
      [4, basketBytes(numbers(0, 4), 4)],
      [6, basketBytes(numbers(4, 10), 6)],
    ]);
    tree.add('b', [
      [7, basketBytes(numbers(0, 7), 7)],
      [1, basketBytes([7], 1)],
      [2, basketBytes([8, 9], 2)],
    ]);
    const reader = (await tree.table()).reader(['a', 'b']);
    for (let first = 0; first <= 10; first++)
      for (let end = first; end <= 10; end++) {
        await reader.load(first, end);
        for (const name of ['a', 'b'])
          expect(Array.from(reader.column(name).values as Int32Array), `${name} ${first} to ${end}`).to.deep.equal(
            numbers(first, end),
          );
      }
  });

  for (const generated of [false, true])
    it(`reads lists by ${generated ? 'their counts, where baskets have no offsets' : 'the offsets in their baskets'}`, async () => {
      const counts = [2, 0, 3, 1, 0];
      const tree = new TreeByHand();
      tree.add('n', [[5, basketBytes(counts, 5)]]);
      const begins = generated
        ? undefined
        : ([
            [0, 8, 8],
            [0, 4],
          ] as const);
      const count = { leaf: 'n', object: {} };
      const baskets = [
        [3, basketBytes(numbers(0, 5), 3, begins?.[0])],
        [2, basketBytes([5], 2, begins?.[1])],
      ] as const;
      tree.add('list', baskets, { generatesOffsets: generated }, { title: 'list[n]', count });
      const reader = (await tree.table()).reader(['list']);
      for (let first = 0; first <= 5; first++)
        for (let end = first; end <= 5; end++) {
          await reader.load(first, end);
          const data = reader.column('list');
          if (data.kind !== 'list') throw new Error(data.kind);
          const lengths = Array.from(data.offsets.subarray(1), (offset, i) => offset - data.offsets[i]!);
          const before = counts.slice(0, first).reduce((sum, n) => sum + n, 0);
          const inside = counts.slice(first, end).reduce((sum, n) => sum + n, 0);
          expect(lengths).to.deep.equal(counts.slice(first, end));
          expect(Array.from(data.values as Int32Array)).to.deep.equal(numbers(before, before + inside));
        }
    });
});
