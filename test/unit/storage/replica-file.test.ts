/** Replicas that fail: who is asked next, who is told, who is avoided and for how long. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ByteSource } from '../../../storage/byte-source.js';
import { ConnectionError, NoReplicaError, NoSuchFileError, type StorageError } from '../../../storage/errors.js';
import { openSource } from '../../../storage/open-source.js';
import { ReplicaFile } from '../../../storage/replica-file.js';
import { settingsOf } from '../../../storage/storage-options.js';
import { StoragePool } from '../../../storage/storage-pool.js';
import { failureOf } from '../../support/failure.js';
import { ManualClock } from '../../support/manual-clock.js';
import { patternBytes } from '../../support/pattern.js';

const BYTES = patternBytes(10_000);

/** Replicas in memory that fail when told to. */
class Replicas {
  readonly clock = new ManualClock();
  readonly pool = new StoragePool();
  readonly opened: string[] = [];
  readonly reported: string[] = [];
  readonly failing = new Map<string, (url: string) => StorageError>();
  readonly sizes = new Map<string, number>();
  readonly settings = settingsOf({
    clock: this.clock,
    pool: this.pool,
    avoidMs: 1000,
    onReplicaFailed: ({ url, error }) => this.reported.push(`${url} ${error.code}`),
  });

  open = async (url: string): Promise<ByteSource> => {
    this.opened.push(url);
    this.#failIfTold(url);
    const read = async (offset: number, length: number): Promise<Buffer> => {
      this.#failIfTold(url);
      return BYTES.subarray(offset, offset + length);
    };
    return {
      url,
      size: this.sizes.get(url) ?? BYTES.length,
      read,
      readMany: (ranges) => Promise.all(ranges.map(({ offset, length }) => read(offset, length))),
      close: async () => {},
    };
  };
  file = (...urls: string[]): Promise<ReplicaFile> => ReplicaFile.open(urls, this.settings, this.open);
  cut = (...urls: string[]): void => {
    for (const url of urls) this.failing.set(url, (u) => new ConnectionError(u, u, 'cut by the test'));
  };
  #failIfTold(url: string): void {
    const fault = this.failing.get(url);
    if (fault !== undefined) throw fault(url);
  }
}

describe('storage: a file with replicas', () => {
  const [a, b, c] = ['root://a//f', 'root://b//f', 'root://c//f'] as const;

  it('is read at the first, and on at the next when that fails in the middle', async () => {
    const replicas = new Replicas();
    const file = await replicas.file(a, b, c);
    await file.read(0, 10);
    replicas.cut(a);
    const parts = await Promise.all([file.read(100, 50), file.readMany([{ offset: 7, length: 3 }]), file.read(5, 5)]);
    expect(parts.flat()).to.deep.equal([BYTES.subarray(100, 150), BYTES.subarray(7, 10), BYTES.subarray(5, 10)]);
    expect(file.url).to.equal(b);
    expect(replicas.opened).to.deep.equal([a, b]);
    expect(replicas.reported).to.deep.equal([`${a} STORAGE_CONNECTION`]);
  });

  it('avoids for a while whatever failed, and its server with it, but rather that than nothing', async () => {
    const replicas = new Replicas();
    replicas.cut(a);
    await replicas.file(a, b);
    replicas.failing.clear();
    replicas.opened.length = 0;
    await replicas.file('root://a//another', 'root://b//another');
    expect(replicas.opened).to.deep.equal(['root://b//another']);
    await replicas.file('root://a//lonely');
    expect(replicas.opened.at(-1)).to.equal('root://a//lonely');
    replicas.clock.advance(1000);
    await replicas.file(a, b);
    expect(replicas.opened.at(-1)).to.equal(a);
  });

  it('holds a missing file against the file, not against its server', async () => {
    const replicas = new Replicas();
    replicas.failing.set(a, (url) => new NoSuchFileError(url));
    expect((await replicas.file(a, b)).url).to.equal(b);
    expect((await replicas.file('root://a//another', 'root://b//another')).url).to.equal('root://a//another');
  });

  it('never mixes files of different sizes', async () => {
    const replicas = new Replicas();
    replicas.sizes.set(b, 9_999);
    const file = await replicas.file(a, b, c);
    replicas.cut(a);
    await file.read(0, 1);
    expect(file.url).to.equal(c);
    expect(replicas.reported).to.deep.equal([`${a} STORAGE_CONNECTION`, `${b} STORAGE_OTHER_SIZE`]);
  });

  it('passes over copies that have not the size that is known, and holds it against them alone', async () => {
    const replicas = new Replicas();
    replicas.sizes.set(a, 0).set(b, 9_999);
    const file = await ReplicaFile.open([a, b, c], replicas.settings, replicas.open, BYTES.length);
    expect(file.url).to.equal(c);
    expect(replicas.reported).to.deep.equal([`${a} STORAGE_OTHER_SIZE`, `${b} STORAGE_OTHER_SIZE`]);
    expect((await replicas.file('root://a//another', 'root://c//another')).url).to.equal('root://a//another');
    const error = await failureOf(ReplicaFile.open([a, b], replicas.settings, replicas.open, BYTES.length));
    expect(error.message).to.match(/has 0 bytes, not 10000.*has 9999 bytes, not 10000/);
  });

  it('fails with the reason of each when all fail, and works again when one does', async () => {
    const replicas = new Replicas();
    const file = await replicas.file(a, b);
    replicas.cut(a, b);
    const error = await failureOf(file.read(20, 30));
    expect(error).to.be.instanceOf(NoReplicaError);
    expect(error.message).to.match(/None of the 2 replicas of bytes \[20, 50\).*root:\/\/a\/\/f.*root:\/\/b\/\/f/);
    expect(error.retryable).to.equal(true);
    replicas.failing.clear();
    expect(await file.read(20, 30)).to.deep.equal(BYTES.subarray(20, 50));
  });

  it('refuses a range that the file does not have without blaming a replica', async () => {
    const replicas = new Replicas();
    const file = await replicas.file(a, b);
    expect((await failureOf(file.read(9_990, 20))).code).to.equal('STORAGE_TRUNCATED');
    expect(replicas.reported).to.deep.equal([]);
  });

  it('reads local replicas without a turn of the event loop, and asks the others when they fail', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'storage-replicas-'));
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    writeFileSync(one, BYTES);
    writeFileSync(two, BYTES);
    const file = await openSource([one, two], { pool: new StoragePool() });
    truncateSync(one, 100);
    expect(file.readSync!(0, 100)).to.deep.equal(BYTES.subarray(0, 100));
    expect(() => file.readSync!(50, 100)).to.throw(/only 50 could be read/);
    expect(await file.read(50, 100)).to.deep.equal(BYTES.subarray(50, 150));
    expect(file.readSync!(50, 100)).to.deep.equal(BYTES.subarray(50, 150));
    await file.close();
    rmSync(folder, { recursive: true });
  });
});
