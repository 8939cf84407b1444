/**
 * All traffic through the one port: the embedded catalog is asked through the ProxyServer, from a real other host as well, and no client is ever
 * sent to an address that is good on the server's machine only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { refusedInItsMiddle } from '../support/catalog.js';
import { COMMAND, type Ran, run } from '../support/cluster.js';
import { NetworkNamespace, namespaceMissing } from '../support/network-namespace.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

const LINES = 8000;

describe('the catalog on the one port', () => {
  let proxy: TestProxy;
  let folder: string;
  let admin: string;

  const tokenOf = async (role: string): Promise<string> => {
    const words = ['token', 'create', '--user', 'ada', '--role', role, '--state-dir', proxy.stateDir];
    return (await run(words)).stdout.trim();
  };
  const proof = async (...words: string[]): Promise<string> => {
    const ran = await run(words, {
      env: { PROOF_TOKEN: admin, PROOF_CATALOG: '', PROOF_CONFIG: join(folder, 'client.yaml') },
    });
    expect(ran.status, `${words.join(' ')}: ${ran.stderr}`).to.equal(0);
    return ran.stdout;
  };
  const list = (name: string, n: number): string => {
    const file = join(folder, `${name}.jsonl`);
    const lines = Array.from({ length: n }, (_, i) =>
      JSON.stringify({
        lfn: `/alice/${name}/${String(i).padStart(5, '0')}.root`,
        url: `root://se.cern.ch//${name}/${i}`,
        size: i,
      }),
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${proxy.url}/catalog${path}`, { method, headers: { authorization: `Bearer ${admin}`, ...headers } });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-door-'));
    // Not the address of the catalog, which listens at 127.0.0.1 alone.
    proxy = new TestProxy('sites: []\n', { auth: 'token', catalog: 'embedded', listen: '127.0.0.2:0' });
    await proxy.start();
    writeFileSync(join(folder, 'client.yaml'), `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}" }\n`);
    admin = await tokenOf('admin');
  });
  after(async () => {
    await proxy?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told to clients as an address of the ProxyServer, to those of the release before as well', async () => {
    const { catalog, catalogPath } = await proxy.info();
    expect([catalog, catalogPath]).to.deep.equal([`${proxy.url}/catalog`, '/catalog']);
    const earlier = new ProofGrid(catalog!, { token: admin }); // all that such a client does with it
    expect(await earlier.lookup(['/none'])).to.deep.equal([undefined]);
    await earlier.close();
  });

  it('the command registers, lists, finds, tells about files, registers thousands at once and exports', async () => {
    await proof('mkdir', '-p', '/alice/one');
    await proof('register', '/alice/one/x.root', 'root://se.cern.ch//x.root', '--size', '5');
    expect(await proof('ls', '/alice/one')).to.contain('x.root');
    await proof('meta', 'define', '/alice', 'run:int');
    await proof('meta', 'set', '/alice/one/x.root', 'run=119000');
    expect(await proof('find', '/alice?run=119000')).to.contain('/alice/one/x.root');
    await proof('register', '--list', list('many', LINES));
    const found = JSON.parse(await proof('find', '/alice/many', '*.root', '--json')) as unknown[];
    expect(found).to.have.length(LINES);
    const exported = (await proof('catalog', 'export')).trim().split('\n');
    expect(exported.filter((line) => line.includes('"/alice/many/'))).to.have.length.of.at.least(LINES);
    expect(await proof('datasets', 'create', 'all', '/alice/many').then(() => proof('datasets', 'show'))).to.contain(
      'all',
    );
    expect(await proof('whereis', '/alice/one/x.root')).to.contain('root://se.cern.ch//x.root');
  });

  it('statuses, ETags, gzip, lengths and refusals are those of the catalog', async () => {
    const plain = { 'accept-encoding': 'identity' };
    const first = await ask('/v1/stat?path=/alice', plain);
    const etag = first.headers.get('etag')!;
    expect([first.status, (await first.text()).length]).to.deep.equal([
      200,
      Number(first.headers.get('content-length')),
    ]);
    expect((await ask('/v1/stat?path=/alice', { ...plain, 'if-none-match': etag })).status).to.equal(304);
    const packed = await ask('/v1/openapi.json', { 'accept-encoding': 'gzip' });
    expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).to.deep.equal([
      'gzip',
      'accept-encoding',
    ]);
    expect(await packed.json()).to.have.property('openapi');
    const head = await ask('/v1/info', {}, 'HEAD');
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    const stranger = await fetch(`${proxy.url}/catalog/v1/list?path=/`);
    expect([stranger.status, stranger.headers.get('x-content-type-options')]).to.deep.equal([401, 'nosniff']);
    expect((await ask('/v1/no-such')).status).to.equal(404);
    const escaped = await fetch(`${proxy.url}/%63atalog/v1/info`);
    expect(escaped.status).to.equal(401); // no way around the door
  });

  it('a list goes on as it comes: its lines are in the catalog before its end', async () => {
    const { hostname, port } = new URL(proxy.url);
    const sending = request({
      ...{ hostname, port, method: 'POST', path: '/catalog/v1/bulk?format=jsonl' },
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/x-ndjson' },
    });
    sending.on('error', () => {});
    const text = readFileSync(list('slow', LINES), 'utf8');
    sending.write(text);
    const count = async (): Promise<number> => {
      const answer = await ask('/v1/glob?pattern=/alice/slow/*.root&shape=file');
      return answer.status === 200 ? (await answer.text()).split('"lfn"').length - 1 : 0;
    };
    await proxy.until(count, (n) => n > 0);
    sending.end();
    const [answer] = (await once(sending, 'response')) as [import('node:http').IncomingMessage];
    answer.resume();
    expect(answer.statusCode).to.equal(200);
    expect(await count()).to.equal(LINES);
  });

  it('a list that is refused in its middle is told why, however much of it is still on its way', async () => {
    const grid = new ProofGrid(`${proxy.url}/catalog`, { token: admin });
    for (let round = 0; round < 20; round++) expect(await refusedInItsMiddle(grid)).to.equal('CATALOG_BAD_VALUE');
    await grid.close();
  });

  it('a catalog that died is a 503 that says so, and is asked again with success', async () => {
    const children = readFileSync(`/proc/${proxy.pid}/task/${proxy.pid}/children`, 'utf8').trim().split(' ');
    const pid = children.find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('catalog/main.js'))!;
    process.kill(Number(pid), 'SIGKILL');
    const refused = await proxy.until(
      () => ask('/v1/list?path=/'),
      ({ status }) => status === 503,
    );
    expect(((await refused.json()) as { code: string }).code).to.equal('CATALOG_UNREACHABLE');
    await proxy.until(
      () => ask('/v1/list?path=/'),
      ({ status }) => status === 200,
    );
    expect(readdirSync(join(proxy.stateDir, 'catalog'))).to.include('catalog.db');
  });
});

describe('the catalog on the one port, from another host', () => {
  let network: NetworkNamespace | undefined;
  let proxy: TestProxy | undefined;
  let folder: string;

  before(function () {
    const missing = namespaceMissing();
    if (missing !== undefined) skipBecause(this, missing);
    if (spawnSync('openssl', ['version']).status !== 0) skipBecause(this, 'openssl is not installed');
    folder = mkdtempSync(join(tmpdir(), 'proof-door-'));
    network = new NetworkNamespace();
  });
  after(async () => {
    await proxy?.stop();
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('is reached under TLS, by the authority of the ProxyServer', async () => {
    const { outside, words } = network!;
    const make = 'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=voalice06';
    spawnSync('openssl', [...make.split(' '), '-addext', `subjectAltName=IP:${outside}`], { cwd: folder });
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const tls = `tls: { cert: ${cert}, key: ${key}, ca: ${cert} }\n`;
    const names = `publicUrl: https://${outside}:0\nsites: []\n`;
    proxy = new TestProxy(tls + names, { auth: 'token', catalog: 'embedded', listen: '0.0.0.0:0' });
    await proxy.start();
    const admin = ['token', 'create', '--user', 'ada', '--role', 'admin', '--state-dir', proxy.stateDir];
    const token = (await run(admin)).stdout.trim();
    const config = join(folder, 'client.yaml');
    writeFileSync(config, `hosts:\n  voalice06: { url: "${proxy.url}", ca: ${cert}, token: "${token}" }\n`);
    const there = async (...command: string[]): Promise<Ran> => {
      const [first, ...rest] = [...words, process.execPath, COMMAND, '--config', config, ...command];
      const child = spawn(first!, rest, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PROOF_CATALOG: '' },
      });
      const said = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].on('data', (part: Buffer) => {
          said[name] += part.toString('utf8');
        });
      const [status] = (await once(child, 'close')) as [number | null];
      return { status, ...said };
    };
    for (const command of [
      ['mkdir', '-p', '/alice'],
      ['register', '/alice/x.root', 'root://se.cern.ch//x.root', '--size', '5'],
    ]) {
      const ran = await there(...command);
      expect(ran.status, ran.stderr).to.equal(0);
    }
    expect((await there('find', '/alice', '*.root')).stdout).to.contain('/alice/x.root');
    expect((await there('ls', '/alice')).stdout).to.contain('x.root');
  });
});
