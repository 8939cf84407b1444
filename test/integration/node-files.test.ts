/** An xrootd beside each agent, and a manager at the VO-box, for real: read by workers, entered with the pool's key only, gone with the agent. */

import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { openSource } from '../../storage/open-source.js';
import { run } from '../support/cluster.js';
import { failureOf } from '../support/failure.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { xrootdMissing } from '../support/xrootd.js';

const ENTRIES = 5_000;

describe('proxy: an xrootd beside the agent', function () {
  this.timeout(90_000);
  let data: string;
  let proxy: TestProxy;
  before(async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) skipBecause(this, missing);
    data = mkdtempSync(join(tmpdir(), 'proof-node-files-'));
    chmodSync(data, 0o755);
    mkdirSync(join(data, 'run1'));
    await writeDimuonFile(join(data, 'run1/a.root'), { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
    chmodSync(join(data, 'run1/a.root'), 0o644);
  });
  afterEach(() => proxy?.stop());
  after(() => {
    if (data !== undefined) rmSync(data, { recursive: true });
  });

  const start = async (more = '', xrootd = ''): Promise<void> => {
    const site = `{ name: S, type: local, min: 1, xrootd: { directory: ${data}, lfn: /nodes ${xrootd} } }`;
    proxy = new TestProxy(`sites: [${site}]\nheartbeatMs: 500\nfactoryTickS: 1\n${more}`, { catalog: 'embedded' });
    await proxy.start();
    await proxy.warm(1);
  };
  const proof = (...words: string[]) => run([...words, '--host', proxy.url]);
  const replicas = async (): Promise<string[]> => {
    const { status, stdout } = await proof('whereis', '/nodes/run1/a.root');
    return status === 0 ? (stdout.match(/root:\/\/\S+/g) ?? []) : [];
  };
  const oneReplica = async (not = ''): Promise<string> => {
    const [url] = await proxy.until(replicas, (urls) => urls.length === 1 && urls[0] !== not);
    return url!;
  };
  const keytab = (): string => join(proxy.stateDir, 'xrootd.keytab');

  it('serves the files of its node to workers, which the catalog finds there while the agent lives', async () => {
    await start();
    const url = await oneReplica();
    expect((await proof('whereis', '/nodes/run1/a.root')).stdout).to.contain('PROOF::S::');
    const ran = await proof(
      'draw',
      'lfn:/nodes/run1/a.root',
      'mu1_pt>>h(10,0,200)',
      '--json',
      join(proxy.folder, 'out.json'),
    );
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(readFileSync(join(proxy.folder, 'out.json'), 'utf8'));
    expect(answer.entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
    const [pilot] = await proxy.pilots();
    process.kill(Number(pilot!.batchId!.split('.')[0]), 'SIGKILL');
    expect(await oneReplica(url)).to.match(/^root:/); // the next agent's
    await proxy.until(
      () => failureOf(openSource([url], { sssKeytab: keytab() }).then((s) => s.read(0, 4))),
      () => true,
    );
  });

  it('lets nobody read without the key of the pool, and nobody write', async () => {
    await start();
    const url = await oneReplica();
    const stranger = await failureOf(openSource([url]));
    expect(stranger.message).to.match(/sss/);
    const source = await openSource([url], { sssKeytab: keytab() });
    expect(Buffer.from(await source.read(0, 4)).toString('latin1')).to.equal('root');
    await source.close();
    expect(existsSync(join(data, 'run1/a.root'))).to.equal(true);
  });

  it('subscribes to a manager that the ProxyServer runs, which knows where every file is', async () => {
    const port = await freePort();
    await start(`xrootdManager: { port: ${port}, cmsdPort: ${await freePort()} }\n`);
    const url = `root://${hostname()}:${port}//run1/a.root`;
    const read = async (): Promise<string> => {
      try {
        const source = await openSource([url], { sssKeytab: keytab() });
        const bytes = Buffer.from(await source.read(0, 4)).toString('latin1');
        await source.close();
        return bytes;
      } catch (error) {
        return (error as Error).message; // not all of them have found one another yet
      }
    };
    expect(await proxy.until(read, (text) => text === 'root')).to.equal('root');
  });

  it('is missed by nobody where its program is not there: the agent works, and its log tells', async () => {
    await start('', ', command: /no/such/xrootd');
    const [pilot] = await proxy.pilots();
    const log = await proof('pilot', 'log', pilot!.pilotId);
    expect(log.stdout).to.contain('no data server: there is no /no/such/xrootd on this node');
    expect(await replicas()).to.deep.equal([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
