/** A site without network for users' code: the session works, allowed storage is read through the agent, nothing else is reached. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { sendHostileBytes } from '../support/hostile-bytes.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

const PHONE = `
import { networkInterfaces } from 'node:os';
import { Selector } from 'proof-grid';
export default class Phone extends Selector {
  override branches = ['mu1_pt'];
  seen = this.list('seen');
  entries = this.counter('entries');
  override process(entry: number): void {
    this.entries.add(1);
    if (entry > 0) return;
    this.seen.push(Object.keys(networkInterfaces()).filter((name) => name !== 'lo'));
  }
}
`;

describe("isolation: users' code without network", () => {
  let cluster: Cluster;
  let storage: Server;
  let xrootd: XrootdCluster | undefined;
  let asked = 0;
  before(async function () {
    storage = createServer((request, answer) => {
      asked++;
      const bytes = readFileSync(join(cluster.folder, 'data.root'));
      const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
      const end = Math.min(bytes.length, last === '' ? bytes.length : Number(last) + 1);
      const head = { 'accept-ranges': 'bytes', 'content-length': end - Number(first) };
      if (request.headers.range === undefined) answer.writeHead(200, head);
      else answer.writeHead(206, { ...head, 'content-range': `bytes ${first}-${end - 1}/${bytes.length}` });
      answer.end(request.method === 'HEAD' ? undefined : bytes.subarray(Number(first), end));
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const port = (storage.address() as AddressInfo).port;
    if (xrootdMissing() === undefined) xrootd = await XrootdCluster.start({ auth: 'none' });
    const xrootdHost = xrootd === undefined ? '' : `, '${new URL(xrootd.rootUrl).host}'`;
    const site = `{ name: HERE, type: local, min: 1, cores: 2, network: none, networkHosts: ['127.0.0.1:${port}'${xrootdHost}] }`;
    cluster = await startCluster({ pilots: 1, site });
    await writeDimuonFile(join(cluster.folder, 'data.root'), { seed: 1, firstEvent: 0, events: 2000, run: 1 });
    writeFileSync(join(cluster.folder, 'phone.ts'), PHONE);
    await cluster.warm(2);
    const [pilot] = JSON.parse((await cluster.proof('pilots', '--json')).stdout) as PilotInfo[];
    if (pilot?.isolation?.by !== 'bubblewrap') skipBecause(this, pilot?.isolation?.why ?? 'the agent did not say');
    expect(pilot?.isolation?.network).to.equal('none');
  });
  after(async () => {
    await cluster?.stop();
    await xrootd?.stop();
    storage?.closeAllConnections();
    await new Promise((resolve) => storage.close(resolve));
  });

  it('serves sessions, reads what the site allows, and sees no interface', async () => {
    const url = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/data.root`;
    const ran = await cluster.proof('run', '--host', 'here', join(cluster.folder, 'phone.ts'), url, '--json', '-');
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(ran.stdout) as {
      entries: { done: number };
      outputs: { name: string; items?: unknown[]; value?: number }[];
    };
    expect(answer.entries.done).to.equal(2000);
    expect(answer.outputs.find(({ name }) => name === 'seen')?.items).to.deep.equal([[]]);
    expect(asked).to.be.greaterThan(0);
  });

  it('reads from an XRootD server through the agent', async function () {
    if (xrootd === undefined) skipBecause(this, xrootdMissing()!);
    xrootd.write('/data.root', readFileSync(join(cluster.folder, 'data.root')));
    const url = `${xrootd.rootUrl}/data.root`;
    const ran = await cluster.proof('run', '--host', 'here', join(cluster.folder, 'phone.ts'), url, '--json', '-');
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(ran.stdout) as { entries: object; outputs: { name: string; items?: unknown[] }[] };
    expect(answer.entries).to.deep.equal({ total: 2000, done: 2000, failed: 0, missing: 0 });
    expect(answer.outputs.find(({ name }) => name === 'seen')?.items).to.deep.equal([[]]);
  });

  it("raw bytes at the agent's socket cost their connection only", async () => {
    const pilots = join(cluster.folder, 'proxy', 'pilots');
    const sockets = readdirSync(pilots, { recursive: true }).map(String);
    const tunnel = sockets.find((name) => name.endsWith('/tunnel'));
    const answers = await sendHostileBytes(join(pilots, tunnel!));
    for (const answer of answers) expect(answer).to.match(/^(HTTP\/1\.1 4\d\d |$)/);
    const url = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/data.root`;
    const ran = await cluster.proof('run', '--host', 'here', join(cluster.folder, 'phone.ts'), url, '--json', '-');
    expect(ran.status, ran.stderr).to.equal(0);
  });

  it('does not reach what the site does not allow, and says so', async () => {
    const other = createServer((_request, answer) => answer.end('here'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/data.root`;
    const ran = await cluster.proof('run', '--host', 'here', join(cluster.folder, 'phone.ts'), url, '--json', '-');
    expect(ran.status).not.to.equal(0);
    expect(ran.stdout + ran.stderr).to.contain('HTTP status 403');
    const pilots = join(cluster.folder, 'proxy', 'pilots');
    const log = (): string => readFileSync(join(pilots, readdirSync(pilots)[0]!, 'pilot.log'), 'utf8');
    while (!log().includes('asked for a host that the site does not allow'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => other.close(resolve));
  });
});
