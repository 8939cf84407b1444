/** A tree with columns of every kind, in every compression: what JSROOT and our own reader read has the digests of what was written. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { openRootFile } from '../../../rootio/root-file.js';
import type { ColumnData } from '../../../rootio/table.js';
import type { Compression } from '../../../rootio/write/block-compressor.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import type { ColumnSpec } from '../../../rootio/write/tree-columns.js';
import type { Batch } from '../../../rootio/write/tree-writer.js';
import { bytesSource } from '../../support/byte-sources.js';
import { type JsrootTree, openWithJsroot, readColumns } from '../../support/jsroot-reader.js';

const ENTRIES = 6000;
const COLUMNS: readonly ColumnSpec[] = [
  { name: 'flag', type: 'bool' },
  { name: 'charge', type: 'int8' },
  { name: 'run', type: 'uint32' },
  { name: 'event', type: 'int64' },
  { name: 'weight', type: 'float64' },
  { name: 'matrix', type: 'float32', length: 6 },
  { name: 'Muon_pt', type: 'float32', list: 'nMuon' },
  { name: 'Muon_id', type: 'uint8', list: 'nMuon' },
  { name: 'hits', type: 'int16', list: true },
  { name: 'trigger', type: 'string' },
];

function batch(): Batch {
  const each = Array.from({ length: ENTRIES }, (_, i) => i);
  const offsets = (length: (i: number) => number) => {
    const found = new Int32Array(ENTRIES + 1);
    for (const i of each) found[i + 1] = found[i]! + length(i);
    return found;
  };
  const muons = offsets((i) => (i * 7) % 5);
  const hits = offsets((i) => (i % 1000 === 0 ? 900 : i % 3));
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
  return {
    flag: Uint8Array.from(each, (i) => i & 1),
    charge: Int8Array.from(each, (i) => (i % 3) - 1),
    run: Uint32Array.from(each, (i) => 4e9 + i),
    event: BigInt64Array.from(each, (i) => 2n ** 52n + BigInt(i)),
    weight: Float64Array.from(each, (i) => Math.sin(i) * 10 ** (i % 300)),
    matrix: Float32Array.from(upTo(6 * ENTRIES), (i) => Math.sqrt(i)),
    Muon_pt: { offsets: muons, values: Float32Array.from(upTo(muons[ENTRIES]!), (i) => 100 * Math.cos(i) ** 2) },
    Muon_id: { offsets: muons, values: Uint8Array.from(upTo(muons[ENTRIES]!), (i) => i % 7) },
    hits: { offsets: hits, values: Int16Array.from(upTo(hits[ENTRIES]!), (i) => i - 3000) },
    trigger: each.map((i) => (i % 50 === 0 ? '' : i % 11 === 0 ? 'µ'.repeat(i % 400) : `HLT_Mu${i % 40}`)),
  };
}

/** One digest a column, over the numbers and texts of each entry in turn. */
const digest = (entries: readonly unknown[]) =>
  createHash('sha256')
    .update(JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .digest('hex');

function given(columns: Batch): Record<string, string> {
  const cut = (spec: ColumnSpec): unknown[] => {
    const column = columns[spec.name]!;
    if (Array.isArray(column)) return column;
    const entries = Array.from({ length: ENTRIES }, (_, i) => i);
    if ('offsets' in column)
      return entries.map((i) =>
        Array.from(column.values.slice(column.offsets[i], column.offsets[i + 1]) as Float32Array),
      );
    const { length = 1 } = spec;
    const values = Array.from(column as Float32Array);
    return length === 1 ? values : entries.map((i) => values.slice(i * length, (i + 1) * length));
  };
  return Object.fromEntries(COLUMNS.map((spec) => [spec.name, digest(cut(spec))]));
}

async function readByJsroot(bytes: Buffer): Promise<Record<string, string>> {
  const tree = (await (await openWithJsroot(bytes)).readObject('dir/events')) as JsrootTree;
  const found = await readColumns(tree, ['nMuon', 'nhits', ...COLUMNS.map(({ name }) => name)]);
  const same = (name: string, value: unknown): unknown => {
    if (name === 'flag') return Number(value);
    // JSROOT gives texts byte by byte, and 64-bit integers as numbers, exact up to 2^53 and where positive.
    return typeof value === 'string'
      ? Buffer.from(value, 'latin1').toString('utf8')
      : name === 'event'
        ? BigInt(value as number)
        : value;
  };
  return Object.fromEntries(COLUMNS.map(({ name }) => [name, digest(found[name]!.map((value) => same(name, value)))]));
}

async function readByUs(bytes: Buffer): Promise<Record<string, string>> {
  const file = await openRootFile(bytesSource(bytes));
  const table = await file.table('dir/events');
  expect(table.clusters).to.deep.equal([0, 2500, 5000, ENTRIES]);
  const reader = table.reader(COLUMNS.map(({ name }) => name));
  await reader.load(0, ENTRIES);
  const cut = (data: ColumnData): unknown[] => {
    const entries = Array.from({ length: ENTRIES }, (_, i) => i);
    if (data.kind === 'list')
      return entries.map((i) => Array.from(data.values.slice(data.offsets[i], data.offsets[i + 1]) as Float32Array));
    const values = Array.from(data.values as ArrayLike<unknown>);
    if (data.kind !== 'flat' || data.length === 1) return values;
    return entries.map((i) => values.slice(i * data.length, (i + 1) * data.length));
  };
  return Object.fromEntries(COLUMNS.map(({ name }) => [name, digest(cut(reader.column(name)))]));
}

describe('rootio/write: columns read back, digest by digest', () => {
  const columns = batch();
  const expected = given(columns);
  const written = async (compression: Compression, tier: 'auto' | 'portable'): Promise<Buffer> => {
    const sink = new MemorySink();
    const file = await RootFileWriter.onto(sink, { compression, tier });
    const options = { basketBytes: 5000, autoFlush: 2500, directory: 'dir' };
    const tree = file.tree('events', 'all kinds', COLUMNS, options);
    tree.append(columns, ENTRIES);
    file.close();
    return Buffer.from(sink.bytes);
  };
  const kinds = [
    ['none', 'auto'],
    ['zlib', 'auto'],
    ['zlib', 'portable'],
    ['lz4', 'auto'],
    ['lz4', 'portable'],
    ['zstd', 'auto'],
    ['zstd', 'portable'],
    ['lzma', 'auto'],
  ] as const;
  for (const [compression, tier] of kinds)
    it(`${compression}, libraries: ${tier}`, async () => {
      const bytes = await written(compression, tier);
      expect(await readByUs(bytes), 'our reader').to.deep.equal(expected);
      // JSROOT's own zstd is not among our packages.
      if (compression !== 'zstd') expect(await readByJsroot(bytes), 'JSROOT').to.deep.equal(expected);
    });

  it('64-bit integers keep all their bits', async () => {
    const sink = new MemorySink();
    const file = await RootFileWriter.onto(sink);
    const signed = BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n);
    const unsigned = BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n);
    const columns = [
      { name: 'i', type: 'int64' },
      { name: 'u', type: 'uint64' },
    ] as const;
    file.tree('t', '', columns).append({ i: signed, u: unsigned }, 5);
    file.close();
    const reader = (await (await openRootFile(bytesSource(Buffer.from(sink.bytes)))).table()).reader(['i', 'u']);
    await reader.load(0, 5);
    expect(reader.column('i').values).to.deep.equal(signed);
    expect(reader.column('u').values).to.deep.equal(unsigned);
  });
});
