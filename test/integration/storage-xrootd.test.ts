/** The XRootD client against the real server: reads, listings, checksums, each way to log in, and a cluster that loses servers. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { ByteSource } from '../../storage/byte-source.js';
import { listDirectory, statUrl } from '../../storage/directory.js';
import { openSource } from '../../storage/open-source.js';
import { type StorageOptions, settingsOf } from '../../storage/storage-options.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { checksumXrootd } from '../../storage/xrootd/xrootd-directory.js';
import { XrootdFile } from '../../storage/xrootd/xrootd-file.js';
import { failureOf } from '../support/failure.js';
import { patternBytes } from '../support/pattern.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, type XrootdSetup, xrootdMissing } from '../support/xrootd.js';

const BYTES = patternBytes(9_000_001);
const SCATTERED = [
  { offset: 8_999_000, length: 1001 },
  { offset: 0, length: 10 },
  { offset: 5, length: 20 },
  { offset: 100_000, length: 3_000_000 },
  { offset: 4_000_000, length: 0 },
  { offset: 7_500_000, length: 0 },
  ...Array.from({ length: 1500 }, (_, i) => ({ offset: 4_000_000 + 2000 * i, length: 100 + (i % 7) })),
];
const partsOf = (ranges: readonly { offset: number; length: number }[]): Buffer[] =>
  ranges.map(({ offset, length }) => BYTES.subarray(offset, offset + length));

/** One server a `describe`, with the file /store/data.bin. */
function withServer(setup: XrootdSetup, fill: (server: XrootdCluster) => void = () => {}): () => XrootdCluster {
  let server: XrootdCluster | undefined;
  before(async function () {
    const missing = xrootdMissing(setup);
    if (missing !== undefined) skipBecause(this, missing);
    server = await XrootdCluster.start(setup);
    server.write('/store/data.bin', BYTES);
    fill(server);
  });
  after(() => server?.stop());
  return () => server!;
}

describe('storage: an XRootD server', () => {
  const pool = new StoragePool();
  const server = withServer({}, (s) => s.write('/store/sub/small.txt', 'hello'));
  const open = (options: StorageOptions = {}): Promise<ByteSource> =>
    openSource(`${server().rootUrl}/store/data.bin`, { pool, ...options });
  after(() => pool.close());

  it('is read whole, by ranges, and by vectors of any number and order of ranges', async () => {
    const file = await open();
    expect(file.size).to.equal(BYTES.length);
    expect((await file.read(0, BYTES.length)).equals(BYTES)).to.equal(true);
    expect(await file.read(4097, 10)).to.deep.equal(BYTES.subarray(4097, 4107));
    expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
    await file.close();
  });

  it('is read by pages with their checksums, from any offset', async () => {
    const file = await open({ pageChecksums: true });
    expect((await file.read(0, BYTES.length)).equals(BYTES)).to.equal(true);
    for (const [offset, length] of [
      [1, 1],
      [4095, 2],
      [4096, 4096],
      [5000, 5_000_000],
      [BYTES.length - 1, 1],
    ] as const)
      expect((await file.read(offset, length)).equals(BYTES.subarray(offset, offset + length))).to.equal(true);
    await file.close();
  });

  it('answers many reads at once on one connection', async () => {
    const file = await open();
    const ranges = Array.from({ length: 300 }, (_, i) => ({ offset: (i * 29_989) % 8_000_000, length: 1000 + i }));
    const parts = await Promise.all(ranges.map(({ offset, length }) => file.read(offset, length)));
    expect(parts).to.deep.equal(partsOf(ranges));
    await file.close();
  });

  it('gives prefetched ranges, or parts of them, without asking again', async () => {
    const file = await open();
    file.prefetch!([
      { offset: 1000, length: 500 },
      { offset: 70_000, length: 5000 },
      { offset: 2 ** 40, length: 5 },
    ]);
    expect(await file.read(1100, 100)).to.deep.equal(BYTES.subarray(1100, 1200));
    expect(
      await file.readMany([
        { offset: 70_000, length: 5000 },
        { offset: 3, length: 3 },
      ]),
    ).to.deep.equal(
      partsOf([
        { offset: 70_000, length: 5000 },
        { offset: 3, length: 3 },
      ]),
    );
    await file.close();
  });

  it('goes on after its restart, with the same open file', async () => {
    const file = await open();
    await file.read(0, 10);
    await server().killServer(0);
    await server().startServer(0);
    expect(await file.read(77, 1000)).to.deep.equal(BYTES.subarray(77, 1077));
    await file.close();
  });

  it('tells what a path is, and lists a directory by name', async () => {
    const { rootUrl } = server();
    expect(await statUrl(`${rootUrl}/store/data.bin`, { pool })).to.include({ isDirectory: false, size: BYTES.length });
    const entries = await listDirectory(`${rootUrl}/store?x.y=z`, { pool });
    expect(entries.map(({ name, isDirectory, size, url }) => ({ name, isDirectory, size, url }))).to.deep.equal([
      { name: 'data.bin', isDirectory: false, size: BYTES.length, url: `${rootUrl}/store/data.bin?x.y=z` },
      { name: 'sub', isDirectory: true, size: 0, url: `${rootUrl}/store/sub?x.y=z` },
    ]);
  });

  it('tells its own checksums', async () => {
    const url = `${server().rootUrl}/store/data.bin`;
    const md5 = createHash('md5').update(BYTES).digest('hex');
    expect(await checksumXrootd(url, 'md5', settingsOf({ pool }))).to.equal(md5);
  });

  it('says in our words what is wrong', async () => {
    const { rootUrl } = server();
    const codeOf = async (url: string): Promise<string> => (await failureOf(openSource(url, { pool }))).code;
    expect(await codeOf(`${rootUrl}/store/absent`)).to.equal('STORAGE_NO_SUCH_FILE');
    expect(await codeOf(`${rootUrl}/store`)).to.equal('STORAGE_NOT_A_FILE');
    expect(await codeOf('root://localhost:1//store/data.bin')).to.equal('STORAGE_CONNECTION');
    expect(await codeOf('root://localhost:99999//x')).to.equal('STORAGE_BAD_URL');
    const error = await failureOf(openSource(`${rootUrl}/store/absent?authz=secret`, { pool }));
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).to.not.include('secret');
  });
});

for (const [title, setup] of [
  ['host', { auth: 'host' }],
  ['unix', { auth: 'unix' }],
  ['shared secret', { auth: 'sss' }],
  ['TLS, nobody asked who', { tls: 'login' }],
  ['TLS after the login', { tls: 'session', auth: 'unix' }],
  ['token over TLS', { auth: 'ztn', tls: 'login' }],
] as [string, XrootdSetup][])
  describe(`storage: an XRootD server that asks for a login (${title})`, () => {
    const pool = new StoragePool();
    const server = withServer(setup);
    after(() => pool.close());
    const credentials = async (): Promise<StorageOptions> => ({
      pool,
      ...(setup.tls !== undefined ? { caFile: server().caFile } : {}),
      ...(setup.auth === 'sss' ? { sssKeytab: server().sssKeytab } : {}),
      ...(setup.auth === 'ztn' ? { token: await server().token('storage.read:/store') } : {}),
    });

    it('lets us in and is read', async () => {
      const file = await openSource(`${server().rootUrl}/store/data.bin`, await credentials());
      expect((await file.read(3, 5_000_000)).equals(BYTES.subarray(3, 5_000_003))).to.equal(true);
      await file.close();
    });

    if (setup.tls !== undefined)
      it('is not trusted without its authority', async () => {
        const { caFile: _, ...without } = await credentials();
        const error = await failureOf(openSource(`${server().rootUrl}/store/data.bin`, without));
        expect(error.code).to.equal('STORAGE_CONNECTION');
        expect(error.message).to.match(/certificate/);
      });
    else
      it('is refused where the URL demands TLS', async () => {
        const url = `${server().rootUrl}/store/data.bin`.replace('root:', 'roots:');
        expect((await failureOf(openSource(url, await credentials()))).code).to.equal('STORAGE_AUTHENTICATION');
      });

    if (setup.auth === 'sss' || setup.auth === 'ztn')
      it('says which login is missing, and keeps a wrong secret to itself', async () => {
        const { token: _, sssKeytab: __, ...without } = await credentials();
        const url = `${server().rootUrl}/store/data.bin`;
        const missing = await failureOf(openSource(url, without));
        expect(missing.code).to.equal('STORAGE_AUTHENTICATION');
        expect(missing.message).to.match(/no (token|keytab) was given/);
        if (setup.auth === 'sss') return;
        const wrong = await failureOf(openSource(url, { ...without, token: 'not.a.token' }));
        expect(wrong.code).to.equal('STORAGE_AUTHENTICATION');
        expect(wrong.message).to.not.include('not.a.token');
        const elsewhere = await server().token('storage.read:/elsewhere');
        expect((await failureOf(openSource(url, { ...without, token: elsewhere }))).code).to.equal(
          'STORAGE_PERMISSION',
        );
      });
  });

describe('storage: an XRootD server that wants a token in the opaque part', () => {
  const pool = new StoragePool();
  const server = withServer({ auth: 'unix', tokens: true });
  after(() => pool.close());

  it('gets it, also when the file is opened again; nobody else sees it', async () => {
    const token = await server().token('storage.read:/store');
    const url = `${server().rootUrl}/store/data.bin`;
    const file = await openSource(`${url}?authz=Bearer%20${token}`, { pool });
    expect(file.url).to.equal(url);
    await file.read(0, 10);
    await server().killServer(0);
    await server().startServer(0);
    expect(await file.read(10, 10)).to.deep.equal(BYTES.subarray(10, 20));
    await file.close();
    expect((await failureOf(openSource(url, { pool }))).code).to.equal('STORAGE_PERMISSION');
    const elsewhere = await server().token('storage.read:/elsewhere');
    const refused = await failureOf(openSource(`${url}?authz=Bearer%20${elsewhere}`, { pool }));
    expect(refused.code).to.equal('STORAGE_PERMISSION');
    expect(refused.message).to.not.include(elsewhere);
  });
});

describe('storage: an XRootD manager with two data servers', () => {
  const pool = new StoragePool();
  const server = withServer({ dataServers: 2 }, (s) => {
    s.write('/store/both.bin', BYTES, [0, 1]);
    s.write('/store/second.bin', 'on the second', [1]);
  });
  after(() => pool.close());

  it('sends us to the server that has the file', async () => {
    for (const [path, index] of [
      ['data.bin', 0],
      ['second.bin', 1],
    ] as const) {
      const file = await XrootdFile.open(`${server().rootUrl}/store/${path}`, settingsOf({ pool }));
      expect(await file.servedBy()).to.equal(server().serverName(index));
      await file.close();
    }
  });

  it('lists what its servers have together', async () => {
    const entries = await listDirectory(`${server().rootUrl}/store`, { pool });
    expect(entries.map(({ name }) => name)).to.deep.equal(['both.bin', 'data.bin', 'second.bin']);
  });

  it('says that no server has a file', async () => {
    const error = await failureOf(openSource(`${server().rootUrl}/store/absent`, { pool }));
    expect(error.code).to.equal('STORAGE_NO_SUCH_FILE');
  });

  it('has another copy when a server falls silent, then when one dies in the middle of a file', async () => {
    const reported: string[] = [];
    const options = { pool, deadlineMs: 5000, onReplicaFailed: ({ url }: { url: string }) => reported.push(url) };
    const file = await XrootdFile.open(`${server().rootUrl}/store/both.bin`, settingsOf(options));
    expect(await file.read(0, 10)).to.deep.equal(BYTES.subarray(0, 10));
    const name = await file.servedBy();
    const first = name === server().serverName(0) ? 0 : 1;
    server().signalServer(first, 'SIGSTOP');
    expect((await file.read(1000, 6_000_000)).equals(BYTES.subarray(1000, 6_001_000))).to.equal(true);
    expect(await file.servedBy()).to.equal(server().serverName(1 - first));
    expect(reported).to.deep.equal([`root://${name}//store/both.bin`]);
    server().signalServer(first, 'SIGCONT');
    for (let i = 0; i < 2; i++) {
      const another = await XrootdFile.open(`${server().rootUrl}/store/both.bin`, settingsOf(options));
      expect(await another.servedBy(), 'avoided for a while').to.equal(server().serverName(1 - first));
      await another.close();
    }
    await server().killServer(1 - first);
    expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
    expect(await file.servedBy()).to.equal(server().serverName(first));
    await file.close();
  });
});
