/** One file at an XRootD server, a web server and on disk: reading goes on while one after the other dies in the middle. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openSource } from '../../storage/open-source.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { patternBytes } from '../support/pattern.js';
import { RangeServer } from '../support/range-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

const BYTES = patternBytes(3_000_000);
const PACKET = Array.from({ length: 20 }, (_, i) => ({ offset: 140_000 * i, length: 60_000 }));
const EXPECTED = PACKET.map(({ offset, length }) => BYTES.subarray(offset, offset + length));

describe('storage: replicas on three kinds of storage', () => {
  const pool = new StoragePool();
  let folder: string;
  let xrootd: XrootdCluster | undefined;
  let web: RangeServer;

  before(async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) skipBecause(this, missing);
    folder = mkdtempSync(join(tmpdir(), 'storage-replicas-'));
    writeFileSync(join(folder, 'data.bin'), BYTES);
    xrootd = await XrootdCluster.start();
    xrootd.write('/store/data.bin', BYTES);
    web = await RangeServer.start(BYTES);
  });
  after(async () => {
    await pool.close();
    if (xrootd === undefined) return;
    await xrootd.stop();
    await web.stop();
    rmSync(folder, { recursive: true });
  });

  it('serve one packet after another, whatever dies meanwhile; each failure is reported once', async () => {
    const reported: string[] = [];
    const urls = [`${xrootd!.rootUrl}/store/data.bin`, web.url, join(folder, 'data.bin')];
    const options = { pool, retryPauseMs: 1, onReplicaFailed: ({ url }: { url: string }) => reported.push(url) };
    const file = await openSource(urls, options);
    expect(await file.readMany(PACKET)).to.deep.equal(EXPECTED);
    const first = file.readMany(PACKET);
    await xrootd!.killServer(0);
    expect(await first).to.deep.equal(EXPECTED);
    expect(await file.readMany(PACKET)).to.deep.equal(EXPECTED);
    expect(file.url).to.equal(urls[1]);
    const second = file.readMany(PACKET);
    await web.stop();
    expect(await second).to.deep.equal(EXPECTED);
    expect(await file.readMany(PACKET)).to.deep.equal(EXPECTED);
    expect(file.url).to.equal(urls[2]);
    expect(reported).to.deep.equal(urls.slice(0, 2));
    expect((await openSource(urls, options)).url).to.equal(urls[2]);
    await file.close();
  });
});
