/** Local files through the door that everybody uses, on real files in a temporary directory. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { ByteSource } from '../../../storage/byte-source.js';
import { StorageError, TruncatedReadError } from '../../../storage/errors.js';
import { openSource } from '../../../storage/open-source.js';

/** The error of a promise that must fail. */
async function failure(promise: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(StorageError);
  return error as StorageError;
}

describe('storage: local files', () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
  let folder: string;
  let path: string;
  let source: ByteSource;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'storage-local-'));
    path = join(folder, 'a file%20#1?.dat');
    writeFileSync(path, bytes);
    source = await openSource(path);
  });
  after(async () => {
    await source.close();
    rmSync(folder, { recursive: true });
  });

  it('are read by path and by file: URL, whatever stands in their name', async () => {
    expect(source.size).to.equal(bytes.length);
    expect(await source.read(5, 10)).to.deep.equal(bytes.subarray(5, 15));
    const byUrl = await openSource(pathToFileURL(path).href);
    expect(await byUrl.read(99_990, 10)).to.deep.equal(bytes.subarray(99_990));
    await byUrl.close();
  });

  it('give many ranges in the order asked, near, far, overlapping and empty ones', async () => {
    const ranges = [
      { offset: 90_000, length: 100 },
      { offset: 0, length: 10 },
      { offset: 5, length: 20 },
      { offset: 50_000, length: 0 },
      { offset: 90_000, length: 10_000 },
    ];
    const parts = await source.readMany(ranges);
    expect(parts).to.deep.equal(ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
  });

  it('are read without a turn of the event loop, into the buffer given', () => {
    const into = Buffer.alloc(64);
    const got = source.readSync!(1000, 50, into);
    expect(got).to.deep.equal(bytes.subarray(1000, 1050));
    expect(got.buffer).to.equal(into.buffer);
  });

  it('say URL, byte range and bytes found where they end early', async () => {
    const error = await failure(source.read(99_990, 20));
    expect(error).to.be.instanceOf(TruncatedReadError);
    expect(error).to.include({ code: 'STORAGE_TRUNCATED', url: path, found: 10 });
    expect(error.message).to.include(`bytes [99990, 100010) of ${path}`);
    expect(() => source.readSync!(200_000, 1))
      .to.throw(TruncatedReadError)
      .with.property('found', 0);
  });

  it('say the same when they shrink while open', async () => {
    const shrinking = join(folder, 'shrinking');
    writeFileSync(shrinking, bytes);
    const open = await openSource(shrinking);
    truncateSync(shrinking, 1000);
    expect(await failure(open.read(990, 100))).to.include({ code: 'STORAGE_TRUNCATED', found: 10 });
    expect(() => open.readSync!(990, 100))
      .to.throw(TruncatedReadError)
      .with.property('found', 10);
    await open.close();
  });

  it('refuse ranges that no file has, before allocating', async () => {
    for (const [offset, length] of [
      [-1, 5],
      [0, -5],
      [0.5, 1],
      [Number.NaN, 1],
      [0, 2 ** 60],
    ] as const)
      expect(await failure(source.read(offset, length))).to.have.property('code', 'STORAGE_BAD_RANGE');
    expect(await failure(source.read(0, 2 ** 50))).to.have.property('code', 'STORAGE_TRUNCATED');
  });

  it('that do not exist, are folders, pipes or of unknown kinds are told apart', async () => {
    const codeOf = async (url: string): Promise<string> => (await failure(openSource(url))).code;
    expect(await codeOf(join(folder, 'absent'))).to.equal('STORAGE_NO_SUCH_FILE');
    expect(await codeOf(`file://${folder}/absent`)).to.equal('STORAGE_NO_SUCH_FILE');
    expect(await codeOf('file://elsewhere/absent')).to.equal('STORAGE_BAD_URL');
    expect(await codeOf('gsiftp://host/file')).to.equal('STORAGE_UNSUPPORTED_SCHEME');
    mkdirSync(join(folder, 'sub'));
    expect(await codeOf(join(folder, 'sub'))).to.equal('STORAGE_NOT_A_FILE');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await codeOf(join(folder, 'pipe'))).to.equal('STORAGE_NOT_A_FILE');
  });

  it('are refused after close', async () => {
    const closed = await openSource(path);
    await closed.close();
    await closed.close();
    expect(await failure(closed.read(0, 1))).to.have.property('code', 'STORAGE_CLOSED');
  });

  it('never show the credentials of a URL', async () => {
    const error = await failure(openSource('ftp://me:secret@host/file?authz=secret#secret'));
    expect(`${error.message} ${error.url}`).to.not.include('secret');
  });
});
