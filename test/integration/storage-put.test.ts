/** Writing to storage: local directories, a real XRootD server by both of its protocols, a cluster; whole or not at all. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { listDirectory } from '../../storage/directory.js';
import { openSource } from '../../storage/open-source.js';
import { putFile } from '../../storage/put.js';
import { settingsOf } from '../../storage/storage-options.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { checksumXrootd } from '../../storage/xrootd/xrootd-directory.js';
import { failureOf } from '../support/failure.js';
import { patternBytes } from '../support/pattern.js';
import { skipBecause } from '../support/summary-reporter.js';
import { WebStore } from '../support/web-store.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

const BYTES = patternBytes(9_000_001);

describe('storage: a written file', () => {
  const pool = new StoragePool();
  let folder: string;
  let original: string;
  let empty: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-put-'));
    original = join(folder, 'original');
    empty = join(folder, 'empty');
    writeFileSync(original, BYTES);
    writeFileSync(empty, '');
  });
  after(async () => {
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** All that holds wherever it is written to. */
  const holds = async (base: string, list: () => Promise<string[]>): Promise<void> => {
    const options = { pool, retryPauseMs: 1 };
    const written = await putFile(original, `${base}/sub/new file.bin`.replace('new file', 'new%20file'), options);
    expect(written.size).to.equal(BYTES.length);
    await putFile(empty, `${base}/sub/empty.bin`, options);
    const back = await openSource(`${base}/sub/new%20file.bin`, options);
    expect((await back.read(0, back.size)).equals(BYTES)).to.equal(true);
    await back.close();
    expect(await list()).to.have.length(2);
    const again = await failureOf(putFile(empty, `${base}/sub/new%20file.bin`, options));
    expect(again).to.include({ code: 'STORAGE_EXISTS' });
    expect(await list(), 'nothing is left of what was refused').to.have.length(2);
  };

  it('is whole under its name on this machine, or not there', async () => {
    const base = `file://${join(folder, 'local')}`;
    await holds(base, async () => readdirSync(join(folder, 'local/sub')));
    const refused = await failureOf(putFile(original, `file://${original}/below/a/file`, { pool }));
    expect(refused.message).to.contain('original');
  });

  describe('on an XRootD server', () => {
    let server: XrootdCluster;
    before(async function () {
      const missing = xrootdMissing();
      if (missing !== undefined) skipBecause(this, missing);
      server = await XrootdCluster.start();
      server.write('/store/there.txt', 'hello');
    });
    after(() => server?.stop());
    const names = async (path: string): Promise<string[]> =>
      (await listDirectory(`${server.rootUrl}${path}`, { pool })).map(({ name }) => name);

    it('arrives by root:// with the checksum that the server finds', async () => {
      await holds(`${server.rootUrl}/by-root`, () => names('/by-root/sub'));
      const { adler32 } = await putFile(original, `${server.rootUrl}/by-root/b.bin`, { pool });
      expect(await checksumXrootd(`${server.rootUrl}/by-root/b.bin`, 'adler32', settingsOf({ pool }))).to.equal(
        adler32,
      );
    });

    it('arrives by http://', async () => {
      await holds(`${server.httpUrl}/by-http`, () => names('/by-http/sub'));
    });

    it('is refused with the reason where it may not be written', async () => {
      server.chmod('/store', 0o555);
      const byRoot = await failureOf(putFile(original, `${server.rootUrl}/store/x.bin`, { pool }));
      expect(byRoot).to.include({ code: 'STORAGE_WRITE_REFUSED' });
      const byHttp = await failureOf(putFile(original, `${server.httpUrl}/store/x.bin`, { pool, retryPauseMs: 1 }));
      expect(byHttp.message).to.match(/refused|HTTP status/);
    });

    it('leaves nothing under its name when the server dies in the middle', async () => {
      server.signalServer(0, 'SIGSTOP');
      const failed = failureOf(
        putFile(original, `${server.rootUrl}/by-root/lost.bin`, { deadlineMs: 300, retryPauseMs: 1 }),
      );
      expect((await failed).message).to.match(/within \d+ ms|silent/);
      server.signalServer(0, 'SIGCONT');
      expect(await names('/by-root')).to.not.include('lost.bin');
    });
  });

  describe('on a cluster', () => {
    let cluster: XrootdCluster;
    before(async function () {
      const missing = xrootdMissing();
      if (missing !== undefined) skipBecause(this, missing);
      cluster = await XrootdCluster.start({ dataServers: 2 });
    });
    after(() => cluster?.stop());

    it('goes through its manager, by both protocols', async () => {
      for (const base of [cluster.rootUrl, cluster.httpUrl]) {
        const scheme = base.split(':')[0]!;
        await putFile(original, `${base}/store/${scheme}.bin`, { pool, retryPauseMs: 1 });
        const back = await openSource(`${cluster.rootUrl}/store/${scheme}.bin`, { pool });
        expect(back.size).to.equal(BYTES.length);
        await back.close();
      }
    });
  });

  describe('on a web server without MOVE', () => {
    let server: WebStore;
    before(async () => {
      server = await WebStore.start();
    });
    after(() => server.stop());

    it('is put under its own name at once, and again where the connection was cut', async () => {
      server.cutAt = 2_000_000;
      await putFile(original, `${server.url}/a.bin`, { pool, retryPauseMs: 1 });
      expect([...server.files.keys()]).to.deep.equal(['/a.bin']);
      expect(server.files.get('/a.bin')!.equals(readFileSync(original))).to.equal(true);
    });

    it('is known for its own when the answer to its last step is lost', async () => {
      server.losesAnswer = true;
      await putFile(original, `${server.url}/b.bin`, { pool, retryPauseMs: 1 });
      expect(server.losesAnswer).to.equal(false);
      const other = await failureOf(putFile(empty, `${server.url}/b.bin`, { pool, retryPauseMs: 1 }));
      expect(other).to.include({ code: 'STORAGE_EXISTS' });
    });
  });
});
