/** What a catalog must survive: strangers, crashes, bad lists, foreign files; and that upkeep keeps its promises. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import axios from 'axios';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { exportJWK, generateKeyPair } from 'jose';
import { signToken } from '../../protocol/tokens.js';
import { refusedInItsMiddle, TestCatalog } from '../support/catalog.js';
import { failureOf } from '../support/failure.js';
import { skipBecause } from '../support/summary-reporter.js';

const line = (lfn: string): string => `${JSON.stringify({ lfn, url: `root://se/${encodeURI(lfn)}`, size: 1 })}\n`;

describe('catalog: what it survives', () => {
  const catalog = new TestCatalog('groups: { physics: [alice, carol] }\n');
  before(() => catalog.start());
  after(() => catalog.stop());

  it('keeps to owner, group and mode for each user', async () => {
    const root = catalog.grid();
    await root.mkdir('/home/alice', { parents: true });
    await root.http.tell('/v1/chmod', { path: '/home', mode: 0o1777 });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((user) => catalog.grid({ user }));
    await alice!.mkdir('/home/a');
    await alice!.register([{ lfn: '/home/a/x', replicas: [{ url: 'root://se//x' }] }]);
    await alice!.http.tell('/v1/chmod', { path: '/home/a', mode: 0o750 });
    expect((await carol!.whereis('/home/a/x')).replicas.length).to.equal(1);
    expect((await failureOf(bob!.whereis('/home/a/x'))).code).to.equal('CATALOG_ACCESS_DENIED');
    expect(await bob!.lookup(['/home/a/x'])).to.deep.equal([undefined]);
    expect(await bob!.glob('/home/a/*')).to.deep.equal([]);
    for (const denied of [
      () => bob!.rm('/home/a', { recursive: true }),
      () => bob!.mv('/home/a', '/home/b'),
      () => carol!.mkdir('/home/a/sub'),
      () => bob!.http.tell('/v1/chmod', { path: '/home/a', mode: 0o777 }),
      () => alice!.http.tell('/v1/chown', { path: '/home/a', owner: 'bob' }),
      () => bob!.http.tell('/v1/backup', { file: '/tmp/x' }),
    ])
      expect((await failureOf(denied())).code).to.equal('CATALOG_ACCESS_DENIED');
    await alice!.rm('/home/a', { recursive: true });
  });

  it('keeps the good lines of a list and reports the bad ones', async () => {
    const grid = catalog.grid();
    const text = [
      line('/bulk/a'),
      'no json\n',
      line('/bulk/../x'),
      '{"lfn":"/bulk/b","url":"not a url"}\n',
      line("/bulk/'; DROP TABLE file;--"),
      Buffer.from([...Buffer.from('{"lfn":"/bulk/'), 0xff, 0xfe, ...Buffer.from('"}\n')]),
      line('/bulk/a'),
    ];
    const report = await grid.bulk(Readable.from(text.map((part) => Buffer.from(part as string))));
    expect(report).to.include({ registered: 2, unchanged: 1, failures: 4 });
    expect(report.failed.map(({ index }) => index)).to.deep.equal([1, 2, 3, 5]);
    const csv = 'lfn,urls,size\n"/bulk/c,1",root://a//c root://b//c,7\n';
    expect(await grid.bulk(Readable.from([Buffer.from(csv)]), { format: 'csv' })).to.include({ registered: 1 });
    expect((await grid.lookup(['/bulk/c,1']))[0]?.replicas.length).to.equal(2);
    await grid.rm('/bulk', { recursive: true });
    expect(await grid.glob('/bulk/*')).to.deep.equal([]);
  });

  it('tells why it refuses a list in its middle, however much of that is still on its way', async () => {
    const grid = catalog.grid();
    for (let round = 0; round < 20; round++) expect(await refusedInItsMiddle(grid)).to.equal('CATALOG_BAD_VALUE');
    await grid.close();
  });

  it('goes on with a list after a crash in its middle, and loses nothing that was done', async () => {
    const own = await new TestCatalog().start();
    const grid = own.grid();
    const total = 30_000;
    let fed = 0;
    let isDead = false;
    async function* list(dies: boolean): AsyncGenerator<Buffer> {
      for (let i = 0; i < total; i += 500) {
        yield Buffer.from(Array.from({ length: 500 }, (_, k) => line(`/crash/d${(i + k) % 7}/f${i + k}`)).join(''));
        fed = i;
        if (dies && i >= total / 2 && !isDead) {
          isDead = true;
          // What was sent first has been committed; what came last may still be on its way.
          while ((await grid.lookup(['/crash/d0/f0']))[0] === undefined) await own.grid().ls('/');
          await own.end('SIGKILL');
        }
      }
    }
    const failed = await failureOf(grid.bulk(Readable.from(list(true)), { name: 'mine' }));
    expect(failed.code).to.equal('CATALOG_UNREACHABLE');
    expect(fed).to.be.lessThan(total);
    await own.start();
    const again = own.grid();
    const report = await again.bulk(Readable.from(list(false)), { name: 'mine' });
    expect(report.skipped).to.be.greaterThan(0);
    expect(report.skipped + report.registered + report.unchanged).to.equal(total);
    expect((await again.find('/crash')).length).to.equal(total);
    expect((await own.proof('catalog', 'check')).stdout).to.equal('sound\n');
    await own.stop();
  });

  it('serves two writers at once, each whole', async () => {
    const writers = ['w1', 'w2', 'w3'].map((name) =>
      catalog
        .grid()
        .bulk(
          Readable.from(
            Array.from({ length: 40 }, (_, i) =>
              Buffer.from(Array.from({ length: 100 }, (_, k) => line(`/two/${name}/${i}-${k}`)).join('')),
            ),
          ),
        ),
    );
    for (const { registered } of await Promise.all(writers)) expect(registered).to.equal(4000);
    const second = new TestCatalog('', 'development', catalog.folder);
    expect(String(await second.start().catch((error: Error) => error.message))).to.contain('CATALOG_IN_USE');
  });

  it('refuses databases of other programs, newer and damaged ones, and leaves them as they are', async () => {
    const prepare: Record<string, (path: string) => void> = {
      CATALOG_FOREIGN_DATABASE: (path) => {
        const db = new Database(path);
        db.exec('CREATE TABLE other (x)');
        db.close();
      },
      CATALOG_NEWER_DATABASE: (path) => {
        copyFileSync(backup, path);
        const db = new Database(path);
        db.pragma('user_version = 99');
        db.close();
      },
    };
    const folder = mkdtempSync(join(tmpdir(), 'proof-catalog-db-'));
    const backup = join(folder, 'backup.db');
    expect((await catalog.proof('catalog', 'backup', backup)).status).to.equal(0);
    expect((await catalog.proof('catalog', 'backup', backup)).stderr).to.contain('CATALOG_EXISTS');
    for (const [code, make] of Object.entries(prepare)) {
      const own = new TestCatalog();
      mkdirSync(join(own.folder, 'state'));
      make(own.database);
      const before = readFileSync(own.database);
      expect(String(await own.start().catch((error: Error) => error.message)), code).to.contain(code);
      expect(readFileSync(own.database).equals(before)).to.equal(true);
      await own.stop();
    }
    const text = new TestCatalog();
    mkdirSync(join(text.folder, 'state'));
    writeFileSync(text.database, 'this is a text and no database at all\n'.repeat(100));
    expect(String(await text.start().catch((error: Error) => error.message))).to.contain('CATALOG_FOREIGN_DATABASE');
    await text.stop();
    // The backup is a whole catalog.
    const restored = new TestCatalog();
    mkdirSync(join(restored.folder, 'state'));
    copyFileSync(backup, restored.database);
    await restored.start();
    expect((await restored.grid().find('/two')).length).to.equal(12_000);
    await restored.stop();
    rmSync(folder, { recursive: true });
  });

  it('gives all of itself as lines, and takes them back', async () => {
    const grid = catalog.grid();
    await catalog.proof('catalog', 'se', 'set', 'ALICE::CERN::EOS', '--prefix', 'root://eos/', '--tags', 'disk,fast');
    await grid.register([{ lfn: '/ex/a.zip', replicas: [{ url: 'root://eos//a.zip' }] }]);
    await grid.register([{ lfn: '/ex/m.root', member: { archive: '/ex/a.zip', name: 'm.root' }, replicas: [] }]);
    await catalog.proof('meta', 'set', '/ex', 'run=5');
    await catalog.proof('datasets', 'create', 'exported', 'lfn:/ex/*');
    const first = (await catalog.proof('catalog', 'export')).stdout;
    const other = await new TestCatalog().start();
    writeFileSync(join(other.folder, 'dump'), first);
    expect((await other.proof('catalog', 'import', join(other.folder, 'dump'))).stderr).to.equal('');
    const second = (await other.proof('catalog', 'export')).stdout;
    // The root and /datasets are each catalog's own.
    const lines = (text: string): string[] => text.split('\n').filter((one) => !/"path":"\/(datasets)?"/.test(one));
    expect(lines(second).join('\n') === lines(first).join('\n')).to.equal(true);
    const member = await other.grid().whereis('/ex/m.root');
    expect(member.replicas[0]).to.include({ url: 'root://eos//a.zip?xrdcl.unzip=m.root', se: 'ALICE::CERN::EOS' });
    await other.stop();
  });

  it('answers what is no request with an error of its own, and no API call with more than it takes', async () => {
    const call = async (method: string, path: string, data?: unknown) => {
      const { status, data: body } = await axios.request({
        method,
        url: catalog.url + path,
        data,
        headers: data === undefined ? {} : { 'content-type': 'application/json' },
        validateStatus: () => true,
      });
      return [status, (body as { code?: string }).code];
    };
    expect(await call('GET', '/v1/nothing')).to.deep.equal([404, 'CATALOG_NO_SUCH_ROUTE']);
    expect(await call('POST', '/v1/lookup', '{')).to.deep.equal([400, 'CATALOG_BAD_REQUEST']);
    expect(await call('POST', '/v1/lookup', { lfns: 5 })).to.deep.equal([400, 'CATALOG_BAD_REQUEST']);
    expect(await call('POST', '/v1/lookup', { lfns: Array(10_001).fill('/a') })).to.deep.equal([
      400,
      'CATALOG_BAD_REQUEST',
    ]);
    expect(await call('GET', '/v1/find?query=/a?run>')).to.deep.equal([400, 'CATALOG_BAD_QUERY']);
    expect(await call('GET', `/v1/stat?path=/${'x'.repeat(4096)}`)).to.deep.equal([400, 'CATALOG_BAD_NAME']);
    expect(await call('GET', '/v1/stat?path=/a%2f..%2fb')).to.deep.equal([400, 'CATALOG_BAD_NAME']);
    expect(await call('GET', '/v1/stat?path=/nope')).to.deep.equal([404, 'CATALOG_NO_SUCH_NAME']);
    const { headers } = await axios.get(`${catalog.url}/v1/ls?path=/`);
    const again = await axios.get(`${catalog.url}/v1/ls?path=/`, {
      headers: { 'if-none-match': String(headers['etag']) },
      validateStatus: () => true,
    });
    expect(again.status).to.equal(304);
  });

  it('does not answer a browser of this machine under development authentication, whatever name or page it comes by', async () => {
    const mkdir = async (path: string, headers: Record<string, string>): Promise<unknown[]> => {
      const made = await axios.post(`${catalog.url}/v1/mkdir`, { path }, { headers, validateStatus: () => true });
      return [made.status, (made.data as { code?: string }).code];
    };
    const refused = [403, 'CATALOG_ACCESS_DENIED'];
    expect(await mkdir('/rebound', { host: 'evil.example' })).to.deep.equal(refused);
    expect(await mkdir('/rebound', { origin: 'http://evil.example' })).to.deep.equal(refused);
    expect(await mkdir('/own', { origin: new URL(catalog.url).origin })).to.deep.equal([200, undefined]);
    const grid = await catalog.grid();
    expect((await grid.ls('/')).map(({ path }) => path))
      .to.include('/own')
      .and.not.include('/rebound');
    await grid.close();
  });

  it('packs answers for those who ask for it, and takes no bytes that are no UTF-8', async () => {
    const grid = catalog.grid();
    await grid.register(Array.from({ length: 300 }, (_, i) => ({ lfn: `/packed/file${i}`, replicas: [] })));
    const url = `${catalog.url}/v1/ls?path=/packed`;
    const plain = await axios.get(url, {
      ...{ responseType: 'arraybuffer', decompress: false, headers: { 'accept-encoding': 'identity' } },
    });
    const packed = await axios.get(url, {
      ...{ responseType: 'arraybuffer', decompress: false, headers: { 'accept-encoding': 'gzip' } },
    });
    expect(packed.headers['content-encoding']).to.equal('gzip');
    expect(gunzipSync(packed.data as Buffer).equals(plain.data as Buffer)).to.equal(true);
    const names = Array.from({ length: 10_000 }, (_, i) => `/packed/file${i}`);
    expect((await grid.lookup(names)).filter((file) => file !== undefined).length).to.equal(300);
    const bad = await axios.get(`${catalog.url}/v1/stat?path=/packed/%ff%fe`, { validateStatus: () => true });
    expect([bad.status, (bad.data as { code: string }).code]).to.deep.equal([400, 'CATALOG_BAD_REQUEST']);
    const left = await failureOf(grid.rm('/packed'));
    expect([left.code, (await grid.ls('/packed')).length]).to.deep.equal(['CATALOG_NOT_EMPTY', 300]);
    await grid.close();
  });

  it('keeps what it has on a disk that fills up in the middle of a list, and goes on when there is room', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'proof-full-'));
    const mount = (...words: string[]): boolean => spawnSync(words[0]!, words.slice(1)).status === 0;
    if (!mount('mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', folder)) {
      rmSync(folder, { recursive: true });
      return skipBecause(this, 'a small disk can be mounted by root only');
    }
    const own = new TestCatalog('', 'development', folder);
    try {
      await own.start();
      const grid = own.grid();
      const lines = (first: number, end: number): Readable =>
        Readable.from(Array.from({ length: end - first }, (_, i) => Buffer.from(line(`/full/d${i % 9}/${first + i}`))));
      await grid.bulk(lines(0, 2000));
      const failed = await failureOf(grid.bulk(lines(2000, 100_000), { name: 'big' }));
      expect(failed.code).to.equal('CATALOG_DISK_FULL');
      expect((await grid.lookup(['/full/d0/0']))[0]?.lfn).to.equal('/full/d0/0');
      expect((await grid.find('/full')).length).to.be.at.least(2000);
      expect(mount('mount', '-o', 'remount,size=200m', folder)).to.equal(true);
      const report = await grid.bulk(lines(2000, 100_000), { name: 'big' });
      expect(report.skipped + report.registered + report.unchanged).to.equal(98_000);
      expect((await own.proof('catalog', 'check')).stdout).to.equal('sound\n');
      await grid.close();
    } finally {
      await own.end();
      mount('umount', folder);
      rmSync(folder, { recursive: true });
    }
  });

  it('takes tokens of the ProxyServer and nothing else', async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const own = new TestCatalog('keyFile: key.pub.json\n', 'token');
    writeFileSync(join(own.folder, 'key.pub.json'), JSON.stringify(await exportJWK(publicKey)));
    await own.start();
    const key = await exportJWK(privateKey);
    const token = await signToken(key, { user: 'root', role: 'admin', lifetimeS: 60, tokenId: 't1' });
    await own.grid({ token }).mkdir('/x');
    const user = await signToken(key, { user: 'eve', role: 'user', lifetimeS: 60, tokenId: 't2' });
    expect((await failureOf(own.grid({ token: user }).mkdir('/y'))).code).to.equal('CATALOG_ACCESS_DENIED');
    for (const bad of [undefined, 'x.y.z', `${token}x`])
      expect((await failureOf(own.grid(bad === undefined ? { user: 'root' } : { token: bad }).ls('/'))).code).to.equal(
        'PROTOCOL_TOKEN_REFUSED',
      );
    await own.stop();
  });

  it('ends with the process that embeds it', async () => {
    const own = await new TestCatalog().start(['--embedded']);
    const ended = new Promise<number | null>((resolve) => own.child.once('exit', resolve));
    own.child.stdin!.end();
    expect(await ended).to.equal(0);
    expect(statSync(own.database).size).to.be.greaterThan(0);
    await own.stop();
  });
});
