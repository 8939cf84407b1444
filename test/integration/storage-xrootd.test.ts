/** The XRootD client against the real server. */
import { expect } from 'chai';
import { openSource } from '../../storage/open-source.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

/** Bytes that differ at every place. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i * 2654435761) >>> 0, i);
  return bytes;
}

describe('storage: XRootD, a single server', () => {
  const bytes = pattern(9_000_001);
  const pool = new StoragePool();
  let server: XrootdCluster;

  before(async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) skipBecause(this, missing);
    server = await XrootdCluster.start();
    server.write('/store/data.bin', bytes);
  });
  after(async () => {
    await pool.close();
    await server?.stop();
  });

  it('is read whole and by ranges', async () => {
    const file = await openSource(`${server.rootUrl}/store/data.bin`, { pool });
    expect(file.size).to.equal(bytes.length);
    expect((await file.read(0, bytes.length)).equals(bytes)).to.equal(true);
    expect(await file.read(4097, 10)).to.deep.equal(bytes.subarray(4097, 4107));
    await file.close();
  });
});
