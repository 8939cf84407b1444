/** Trees of random shapes, written in random portions with random baskets and clusters, read back whole; seeds are fixed. */
import { expect } from 'chai';
import { openRootFile } from '../../../rootio/root-file.js';
import type { ColumnData, NumberArray, NumberType } from '../../../rootio/table.js';
import type { BatchColumn } from '../../../rootio/write/branch-writer.js';
import { CounterRandom } from '../../../rootio/write/counter-random.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import type { ColumnSpec } from '../../../rootio/write/tree-columns.js';
import { bytesSource } from '../../support/byte-sources.js';

const ARRAYS: readonly [NumberType, (values: number[]) => NumberArray][] = [
  ['uint8', (values) => Uint8Array.from(values)],
  ['int16', (values) => Int16Array.from(values)],
  ['int32', (values) => Int32Array.from(values)],
  ['int64', (values) => BigInt64Array.from(values, BigInt)],
  ['float32', (values) => Float32Array.from(values)],
  ['float64', (values) => Float64Array.from(values)],
];

/** A column and, for each entry, what belongs to it as plain numbers or text. */
interface RandomColumn {
  readonly spec: ColumnSpec;
  readonly make: (values: number[]) => NumberArray;
  readonly entries: (number[] | string)[];
}

class Dice {
  readonly #random: CounterRandom;
  constructor(seed: number) {
    this.#random = new CounterRandom(seed);
    this.#random.start(0);
  }
  /** 0 to below - 1. */
  number(below: number): number {
    return Math.floor(below * this.#random.uniform());
  }
  numbers(length: number): number[] {
    return Array.from({ length }, () => this.number(128));
  }
}

function randomColumns(dice: Dice, count: number): RandomColumn[] {
  const lengths = Array.from({ length: count }, () => (dice.number(20) === 0 ? dice.number(300) : dice.number(4)));
  return Array.from({ length: 1 + dice.number(5) }, (_, i): RandomColumn => {
    const [type, make] = ARRAYS[dice.number(ARRAYS.length)]!;
    const length = dice.number(3) === 0 ? 1 + dice.number(4) : 1;
    const [name, kind] = [`c${i}`, dice.number(4)];
    const filled = (elements: (entry: number) => number) =>
      lengths.map((_, entry) => dice.numbers(elements(entry) * length));
    if (kind === 0) {
      const entries = lengths.map((n) => 'ä'.repeat(n) + 'x'.repeat(n * dice.number(3)));
      return { spec: { name, type: 'string' }, make, entries };
    }
    if (kind === 1) return { spec: { name, type, length }, make, entries: filled(() => 1) };
    if (kind === 2)
      return { spec: { name, type, length, list: 'n' }, make, entries: filled((entry) => lengths[entry]!) };
    return { spec: { name, type, length, list: true }, make, entries: filled(() => dice.number(5)) };
  });
}

function batchColumn({ spec, make, entries }: RandomColumn, first: number, end: number): BatchColumn {
  const part = entries.slice(first, end);
  if (spec.type === 'string') return part as string[];
  const values = make((part as number[][]).flat());
  if (spec.list === undefined) return values;
  const offsets = [0];
  for (const entry of part) offsets.push(offsets.at(-1)! + entry.length / (spec.length ?? 1));
  return { offsets, values };
}

/** As `entries` of a random column. */
function entriesOf(data: ColumnData, length: number, count: number): (number[] | string)[] {
  if (data.kind === 'string') return [...data.values];
  if (data.kind === 'nested') {
    const ends = (entry: number) => data.inner[data.offsets[entry]!]!;
    const values = Array.from(data.values as Float64Array, Number);
    return Array.from({ length: count }, (_, entry) => values.slice(ends(entry), ends(entry + 1)));
  }
  if (data.kind !== 'flat' && data.kind !== 'list') throw new Error(`a ${data.kind} column was not written`);
  const bounds = (entry: number) => (data.kind === 'flat' ? entry * length : data.offsets[entry]!);
  const values = Array.from(data.values as Float64Array, Number);
  return Array.from({ length: count }, (_, entry) => values.slice(bounds(entry), bounds(entry + 1)));
}

describe('rootio/write: random trees', () => {
  it('come back as they were written, for sixty seeds', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const dice = new Dice(seed);
      const count = dice.number(400);
      const columns = randomColumns(dice, count);
      const sink = new MemorySink();
      const compression = (['none', 'zlib', 'lz4', 'zstd'] as const)[dice.number(4)]!;
      const file = await RootFileWriter.onto(sink, { compression });
      const autoFlush = 1 + dice.number(150);
      const options = { basketBytes: 1 + dice.number(2000), ...(dice.number(3) > 0 && { autoFlush }) };
      const tree = file.tree(
        't',
        '',
        columns.map(({ spec }) => spec),
        options,
      );
      for (let first = 0; first < count; ) {
        const end = Math.min(count, first + dice.number(120));
        tree.append(
          Object.fromEntries(columns.map((one) => [one.spec.name, batchColumn(one, first, end)])),
          end - first,
        );
        first = end;
      }
      file.close();
      const table = await (await openRootFile(bytesSource(Buffer.from(sink.bytes)))).table();
      expect(table.entries).to.equal(count);
      const reader = table.reader(columns.map(({ spec }) => spec.name));
      await reader.load(0, count);
      for (const { spec, entries } of columns)
        expect(
          entriesOf(reader.column(spec.name), spec.length ?? 1, count),
          `seed ${seed}, ${JSON.stringify(spec)}`,
        ).to.deep.equal(entries);
    }
  });
});
