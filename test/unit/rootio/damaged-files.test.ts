/** Files cut short, with turned bits and with sizes that lie: an error that names the place, never a crash, a hang or a foreign error. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { GridError } from '../../../protocol/errors.js';
import type { Codec, Codecs } from '../../../rootio/compression/codec.js';
import { codecs } from '../../../rootio/compression/tier.js';
import { CorruptFileError } from '../../../rootio/errors.js';
import { openRootFile, type RootFile } from '../../../rootio/root-file.js';
import type { Table } from '../../../rootio/table.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { bytesSource } from '../../support/byte-sources.js';
import { Damage } from '../../support/damaged-bytes.js';
import { sharedPath } from '../../support/shared.js';

const ENTRIES = 500;

/** A file of our own, so that there is something to spoil in any checkout. */
async function ownFile(compression: 'none' | 'lz4' | 'zlib'): Promise<Buffer> {
  const sink = new MemorySink();
  const writer = await RootFileWriter.onto(sink, { compression });
  const tree = writer.tree('events', 'to be spoilt', [
    { name: 'x', type: 'float64' },
    { name: 'hits', type: 'int32', list: true },
    { name: 'word', type: 'string' },
  ]);
  tree.append(
    {
      x: Float64Array.from({ length: ENTRIES }, (_, i) => i / 7),
      hits: {
        offsets: Int32Array.from({ length: ENTRIES + 1 }, (_, i) => 2 * i),
        values: Int32Array.from({ length: 2 * ENTRIES }, (_, i) => i),
      },
      word: Array.from({ length: ENTRIES }, (_, i) => `word ${i}`),
    },
    ENTRIES,
  );
  writer.writeObjString('note', 'directories too', 'some/where');
  writer.close();
  return Buffer.from(sink.bytes);
}

/** Real files of the shared data, small and of many kinds; none where there is no shared data. */
function sharedFiles(): [string, Buffer][] {
  const names = ['uproot-issue-1502', 'uproot-issue31', 'uproot-histograms', 'uproot-issue-214', 'uproot-foriter2'];
  const ntuples = ['test_stl_containers_rntuple_v1-0-0-0', 'test_float_types_rntuple_v1-0-0-0'];
  return [...names, ...ntuples].flatMap((name) => {
    const path = sharedPath(`testdata/root/${name}.root`);
    return path === undefined ? [] : [[name, readFileSync(path)] as [string, Buffer]];
  });
}

/** Everything that a file holds, whatever of it can be read. @throws what is not a GridError */
async function readAll(bytes: Buffer, options: { codecs?: Codecs } = {}): Promise<void> {
  const file = await unlessDamaged(() => openRootFile(bytesSource(bytes), options));
  const keys = file && (await unlessDamaged(() => file.keys()));
  for (const { path, cycle, className } of keys ?? []) {
    if (className.startsWith('TDirectory')) continue;
    await unlessDamaged(() => file!.object(`${path};${cycle}`));
    const table = await unlessDamaged(() => (file as RootFile).table(`${path};${cycle}`));
    if (table !== undefined) await readTable(table);
  }
}

async function readTable(table: Table): Promise<void> {
  for (const { name, kind } of table.columns.slice(0, 20)) {
    if (kind === 'unreadable') continue;
    await unlessDamaged(async () => {
      const reader = table.reader([name]);
      await reader.load(0, Math.min(table.entries, 100));
      reader.column(name);
    });
  }
}

async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

/** Codecs whose output is spoilt: what stands behind checksums is reached as well. */
function spoiling(good: Codecs, damage: Damage): Codecs {
  const spoil = (codec: Codec): Codec => ({
    library: codec.library,
    decompress(input, out) {
      codec.decompress(input, out);
      if (damage.below(2) === 0) damage.strike(out);
    },
  });
  const { zlib, deflate, lzma, lz4, zstd } = good;
  return { ...good, zlib: spoil(zlib), deflate: spoil(deflate), lzma: spoil(lzma), lz4: spoil(lz4), zstd: spoil(zstd) };
}

describe('rootio: damaged files', () => {
  const files: [string, Buffer][] = [];
  before(async () => {
    files.push(['own, not compressed', await ownFile('none')], ['own, zlib', await ownFile('zlib')], ...sharedFiles());
  });

  it('end in errors of ours when they are cut at any kB', async () => {
    for (const [, bytes] of files)
      for (let end = 0; end < bytes.length; end += 1024) await readAll(bytes.subarray(0, end));
  });

  it('end in errors of ours, or are read, with any bit turned or number replaced', async () => {
    for (const [, bytes] of files) {
      const damage = new Damage(1);
      for (let i = 0; i < 120; i++) {
        const spoilt = Buffer.from(bytes);
        damage.strike(spoilt);
        await readAll(spoilt);
      }
    }
  });

  it('end in errors of ours, or are read, when streamer infos, trees and baskets are spoilt behind the compression', async () => {
    const good = await codecs();
    for (const [, bytes] of files)
      for (let seed = 0; seed < 120; seed++) await readAll(bytes, { codecs: spoiling(good, new Damage(seed)) });
  });

  it('are never read as other numbers where a checksum can tell', async () => {
    const bytes = await ownFile('lz4');
    const whole = await xOf(bytes);
    const damage = new Damage(7);
    for (let i = 0; i < 200; i++) {
      const spoilt = Buffer.from(bytes);
      const at = 300 + damage.below(2500); // the first basket, of column x
      spoilt[at]! ^= 1 << damage.below(8);
      const read = await unlessDamaged(() => xOf(spoilt));
      if (read !== undefined) expect(read, `byte ${at}`).to.deep.equal(whole);
    }
  });

  it('are named by URL, bytes and object', async () => {
    const bytes = await ownFile('lz4');
    bytes.fill(0, 600, 700);
    const spoilt = await openRootFile(bytesSource(bytes, 'root://far.example//a.root'));
    const damaged = (await spoilt.table()).reader(['x']);
    const found = await Promise.resolve(damaged.load(0, ENTRIES)).catch((reason: unknown) => reason);
    expect(found).to.be.instanceOf(CorruptFileError);
    expect((found as Error).message).to.match(
      /^root:\/\/far\.example\/\/a\.root is damaged in bytes \d+ to \d+ \(entries 0 to 500 of branch "x"\): ./,
    );
  });

  it('whose directories lead in a circle are refused', async () => {
    const bytes = await ownFile('none');
    const file = await openRootFile(bytesSource(bytes));
    const inner = await file.directories.find('some');
    // The directory's own record is made to say that its keys are the keys of the file.
    bytes.writeUInt32BE(file.directories.top.nbytesKeys, inner.key.seek + inner.key.keylen + 10);
    bytes.writeUInt32BE(file.directories.top.seekKeys, inner.key.seek + inner.key.keylen + 26);
    const circle = await openRootFile(bytesSource(bytes));
    const error = await circle.keys().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CorruptFileError).with.property('message').that.contains('inside itself');
  });
});

async function xOf(bytes: Buffer): Promise<number[]> {
  const table = await (await openRootFile(bytesSource(bytes))).table();
  const reader = table.reader(['x']);
  await reader.load(0, table.entries);
  return Array.from(reader.column('x').values as Float64Array);
}
