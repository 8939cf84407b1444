/** HTTP reads against XRootD's web door, and against a plain server with the faults that the net has. */
import { expect } from 'chai';
import { listDirectory, statUrl } from '../../storage/directory.js';
import { openSource } from '../../storage/open-source.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { failureOf } from '../support/failure.js';
import { patternBytes } from '../support/pattern.js';
import { RangeServer, type RangeServerSetup } from '../support/range-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, type XrootdSetup, xrootdMissing } from '../support/xrootd.js';

const BYTES = patternBytes(9_000_001);
const SCATTERED = [
  { offset: 8_999_000, length: 1001 },
  { offset: 0, length: 10 },
  { offset: 5, length: 20 },
  { offset: 4_000_000, length: 0 },
  { offset: 7_500_000, length: 0 },
  ...Array.from({ length: 200 }, (_, i) => ({ offset: 4_000_000 + 2000 * i, length: 100 + (i % 7) })),
];
const partsOf = (ranges: readonly { offset: number; length: number }[]): Buffer[] =>
  ranges.map(({ offset, length }) => BYTES.subarray(offset, offset + length));

describe('storage: a plain web server', () => {
  const pool = new StoragePool();
  let server: RangeServer | undefined;
  const start = async (setup: RangeServerSetup = {}, bytes = BYTES): Promise<RangeServer> => {
    server = await RangeServer.start(bytes, setup);
    return server;
  };
  const options: StorageOptions = { pool, retryPauseMs: 1, deadlineMs: 60_000 };
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  after(() => pool.close());

  it('gives scattered ranges in few requests, on one connection', async () => {
    const { url, asked } = await start();
    const file = await openSource(url, options);
    expect(file.size).to.equal(BYTES.length);
    expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
    expect(asked.length).to.be.lessThan(8);
    expect(server!.connections).to.be.lessThan(5);
    expect((await file.read(0, BYTES.length)).equals(BYTES)).to.equal(true);
    await file.close();
  });

  it('that answers one range only is asked for one at a time', async () => {
    const { url } = await start({ maxRanges: 1 });
    const file = await openSource(url, options);
    expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
    await file.close();
  });

  it('that knows no ranges gives a small file whole, once', async () => {
    const { url, asked } = await start({ maxRanges: 0 });
    const file = await openSource(url, options);
    expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
    expect(asked.length).to.equal(1);
    await file.close();
  });

  it('may fail with 503 or cut connections now and then', async () => {
    let gets = 0;
    const { url } = await start({
      fault: (request, response) => {
        if (request.method !== 'GET') return false;
        gets++;
        if (gets % 3 === 1) response.writeHead(503, { 'Retry-After': '0' }).end('busy');
        else if (gets % 3 === 2) request.socket.destroy();
        return gets % 3 !== 0;
      },
    });
    const file = await openSource(url, options);
    expect(await file.read(100, 1000)).to.deep.equal(BYTES.subarray(100, 1100));
    await file.close();
  });

  it('that cuts every answer short is given up with URL and byte range', async () => {
    let isOpen = false;
    const { url } = await start({
      fault: (request, response) => {
        if (!isOpen) return false;
        response.writeHead(206, { 'Content-Length': 1000, 'Content-Range': `bytes 100-1099/${BYTES.length}` });
        response.write(BYTES.subarray(100, 600), () => request.socket.destroy());
        return true;
      },
    });
    const file = await openSource(url, options);
    isOpen = true;
    const error = await failureOf(file.read(100, 1000));
    expect(error.code).to.equal('STORAGE_CONNECTION');
    expect(error.message).to.include('bytes [100, 1100) of http://localhost');
    await file.close();
  });

  it('that says nothing is given up at the deadline', async () => {
    const { url } = await start({ fault: () => true });
    const error = await failureOf(openSource(url, { ...options, deadlineMs: 20 }));
    expect(error.code).to.equal('STORAGE_DEADLINE');
  });

  for (const [what, head, body] of [
    ['another range', { 'Content-Range': `bytes 0-9/${BYTES.length}` }, 10],
    ['another size', { 'Content-Range': 'bytes 100-109/500' }, 10],
    ['too many bytes', { 'Content-Range': `bytes 100-109/${BYTES.length}` }, 5000],
    ['no range', {}, 10],
    ['a range in words', { 'Content-Range': 'bytes ten-twenty/many' }, 10],
  ] as const)
    it(`that answers with ${what} is not believed`, async () => {
      let isOpen = false;
      const { url } = await start({
        fault: (_, response) => {
          if (isOpen) response.writeHead(206, { ...head }).end(BYTES.subarray(0, body));
          return isOpen;
        },
      });
      const file = await openSource(url, options);
      isOpen = true;
      expect((await failureOf(file.read(100, 10))).code).to.equal('STORAGE_PROTOCOL');
      await file.close();
    });

  it('that redirects without end is left', async () => {
    const { url } = await start({
      fault: (_, response) => {
        response.writeHead(302, { Location: '/again?authz=secret' }).end();
        return true;
      },
    });
    const error = await failureOf(openSource(`${url}?authz=secret`, options));
    expect(error.code).to.equal('STORAGE_REDIRECTS');
    expect(error.message).to.not.include('secret');
  });

  it('in clear text elsewhere gets no token', async () => {
    const error = await failureOf(openSource('http://storage.example.org/file', { ...options, token: 'secret-token' }));
    expect(error.code).to.equal('STORAGE_AUTHENTICATION');
    expect(error.message).to.not.include('secret-token');
  });

  it('lists the links of its index page', async () => {
    const { url } = await start({
      fault: (request, response) => {
        if (request.method === 'PROPFIND') response.writeHead(405).end();
        else if (request.url === '/')
          response
            .writeHead(200, { 'Content-Type': 'text/html' })
            .end(
              '<a href="../">up</a><a href="a%20b.root">a b</a> <a class="d" href="/sub/">sub</a><a href="?C=N">x</a>',
            );
        else return false;
        return true;
      },
    });
    const base = url.replace('data.bin', '');
    const entries = await listDirectory(base, options);
    expect(entries.map(({ name, size, isDirectory, url: at }) => ({ name, size, isDirectory, at }))).to.deep.equal([
      { name: 'a b.root', size: BYTES.length, isDirectory: false, at: `${base}a%20b.root` },
      { name: 'sub', size: 0, isDirectory: true, at: `${base}sub` },
    ]);
  });
});

for (const [title, setup] of [
  ['in clear text', {}],
  ['with TLS and a token', { auth: 'ztn', tls: 'login' }],
  ['of a manager with two data servers', { dataServers: 2 }],
] as [string, XrootdSetup][])
  describe(`storage: the web door of XRootD, ${title}`, () => {
    const pool = new StoragePool();
    let server: XrootdCluster;
    let options: StorageOptions;
    before(async function () {
      const missing = xrootdMissing(setup);
      if (missing !== undefined) skipBecause(this, missing);
      server = await XrootdCluster.start(setup);
      server.write('/store/data.bin', BYTES);
      server.write('/store/empty.bin', '');
      server.write('/store/sub dir/inner.txt', 'x');
      const token = setup.auth === 'ztn' ? { token: await server.token('storage.read:/store') } : {};
      options = { pool, ...token, ...(setup.tls !== undefined ? { caFile: server.caFile } : {}) };
    });
    after(async () => {
      await pool.close();
      await server?.stop();
    });

    it('is read by single and by many ranges', async () => {
      const file = await openSource(`${server.httpUrl}/store/data.bin`, options);
      expect(file.size).to.equal(BYTES.length);
      expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
      expect((await file.read(1, BYTES.length - 1)).equals(BYTES.subarray(1))).to.equal(true);
      await file.close();
    });

    it('opens an empty file', async () => {
      const file = await openSource(`${server.httpUrl}/store/empty.bin`, options);
      expect(file.size).to.equal(0);
      await file.close();
    });

    it('says that a file is absent', async () => {
      const error = await failureOf(openSource(`${server.httpUrl}/store/absent`, options));
      expect(error.code).to.equal('STORAGE_NO_SUCH_FILE');
    });

    if (setup.dataServers === 2)
      it('has another copy when the server that it chose dies in the middle of a file', async () => {
        server.write('/store/both.bin', BYTES, [0, 1]);
        const open = () => openSource(`${server.httpUrl}/store/both.bin`, options);
        const files = [await open(), await open()]; // the manager chooses in turn: one of them at each server
        for (const file of files) await file.read(0, 10);
        await server.killServer(0);
        for (const file of files) {
          expect(await file.readMany(SCATTERED)).to.deep.equal(partsOf(SCATTERED));
          await file.close();
        }
      });

    if (setup.dataServers === undefined)
      it('tells what a path is, and lists a directory', async () => {
        const info = await statUrl(`${server.httpUrl}/store/data.bin`, options);
        expect(info).to.include({ isDirectory: false, size: BYTES.length });
        const entries = await listDirectory(`${server.httpUrl}/store/`, options);
        expect(entries.map(({ name, size, isDirectory }) => ({ name, size, isDirectory }))).to.deep.equal([
          { name: 'data.bin', size: BYTES.length, isDirectory: false },
          { name: 'empty.bin', size: 0, isDirectory: false },
          { name: 'sub dir', size: 0, isDirectory: true },
        ]);
        const inner = await listDirectory(entries[2]!.url, options);
        expect(inner.map(({ name }) => name)).to.deep.equal(['inner.txt']);
      });

    if (setup.auth === 'ztn')
      it('refuses whom it does not know, and the wrong token', async () => {
        const { token: _, ...without } = options;
        for (const token of [undefined, 'not.a.token']) {
          const given = token === undefined ? without : { ...without, token };
          const error = await failureOf(openSource(`${server.httpUrl}/store/data.bin`, given));
          expect(error.code).to.be.oneOf(['STORAGE_PERMISSION', 'STORAGE_AUTHENTICATION']);
          expect(error.message).to.not.include('not.a.token');
        }
      });
  });
