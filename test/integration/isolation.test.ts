/** A selector that looks for what is not its own, on a real worker: the agent's memory and files, the server's key, other workers, the network. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo, WorkerInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { StaticAgent } from '../support/static-agent.js';
import { skipBecause } from '../support/summary-reporter.js';

const SPY = `
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { Selector } from 'proof-grid';
export default class Spy extends Selector {
  override branches = ['mu1_pt'];
  seen = this.list('seen');
  override process(entry: number): void {
    if (entry > 0) return;
    const attempt = (act: () => unknown): string => {
      try {
        return 'got ' + String(act());
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      }
    };
    for (const path of JSON.parse(String(this.params.files))) this.seen.push(['read', path, attempt(() => readFileSync(path, 'utf8'))]);
    for (const path of JSON.parse(String(this.params.folders))) this.seen.push(['write', path, attempt(() => writeFileSync(path + '/spy', 'x'))]);
    for (const pid of JSON.parse(String(this.params.pids))) this.seen.push(['signal', pid, attempt(() => process.kill(pid, 0))]);
    this.seen.push(['processes', readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).length]);
    this.seen.push(['environment', Object.keys(process.env).filter((name) => /PROOF|TOKEN|SECRET|X509_USER/.test(name)).join()]);
    writeFileSync(tmpdir() + '/mine', 'x');
    this.seen.push(['home', homedir() === tmpdir() && process.cwd() === tmpdir()]);
    this.seen.push(['this', this.columns.mu1_pt.at(entry) > 0]);
  }
}
`;

describe("isolation: user's code", () => {
  let cluster: Cluster;
  let seen: [string, unknown, unknown][];
  const json = async <T>(...words: string[]): Promise<T[]> =>
    JSON.parse((await cluster.proof(...words, '--json')).stdout);

  before(async function () {
    cluster = await startCluster({ pilots: 1, cores: 2 });
    await cluster.warm(2);
    const [pilot] = await json<PilotInfo>('pilots');
    if (pilot?.isolation?.by !== 'bubblewrap') skipBecause(this, pilot?.isolation?.why ?? 'the agent did not say');
    const agentPid = Number(pilot!.batchId!.split('.')[0]);
    const workers = await json<WorkerInfo>('workers');
    const state = join(cluster.folder, 'proxy');
    const slot = join(state, 'pilots', pilot!.pilotId);
    const scratch = join(slot, readdirSync(slot).find((name) => name.startsWith('proof-agent-'))!);
    const other = join(scratch, workers[1]!.workerId);
    writeFileSync(join(other, 'note'), 'of another worker');
    const files = [
      ...['environ', 'mem', 'cmdline', 'maps'].map((name) => `/proc/${agentPid}/${name}`),
      ...[join(state, 'key.json'), join(state, 'proxy.db'), join(slot, 'pilot.log'), join(other, 'note')],
    ];
    const folders = [cluster.folder, slot, scratch, other, '/etc', '/var/tmp'];
    writeFileSync(join(cluster.folder, 'spy.ts'), SPY);
    const data = join(cluster.folder, 'data.root');
    await writeDimuonFile(data, { seed: 1, firstEvent: 0, events: 100, run: 1 });
    const ran = await cluster.proof(
      ...['run', '--host', 'here', join(cluster.folder, 'spy.ts'), data, '--workers', '1', '--json', '-'],
      ...['--param', `files=${JSON.stringify(files)}`, '--param', `folders=${JSON.stringify(folders)}`],
      ...['--param', `pids=${JSON.stringify([agentPid, ...workers.map(({ pid }) => pid)])}`],
    );
    expect(ran.status, ran.stderr).to.equal(0);
    seen = JSON.parse(ran.stdout).outputs[0].items;
    // They are there for this account: what kept the code from them was isolation alone.
    for (const file of files.filter((name) => !/\/(mem|environ)$/.test(name)))
      expect(readFileSync(file)).to.be.instanceOf(Buffer);
  });
  after(async () => cluster?.stop());
  const answers = (what: string): unknown[] => seen.filter(([name]) => name === what).map(([, , answer]) => answer);

  it("reads its data, and neither the agent's memory and log, nor the server's key, nor another worker's files", () => {
    expect(seen).to.deep.include(['this', true]);
    expect(answers('read')).to.have.length(8);
    for (const [, path, answer] of seen.filter(([name]) => name === 'read'))
      expect(answer, String(path)).to.be.oneOf(['ENOENT', 'EACCES']);
  });

  it('writes in its own scratch directory only, which is its home', () => {
    expect(seen).to.deep.include(['home', true]);
    for (const [, path, answer] of seen.filter(([name]) => name === 'write'))
      expect(answer, String(path)).to.be.oneOf(['EROFS', 'ENOENT', 'EACCES']);
  });

  it("sees no more in the session's master, which loads it for the merge: its own session alone", async () => {
    const key = join(cluster.folder, 'proxy', 'key.json');
    const tell = `const tell = (act: () => unknown): string => { try { return String(act()); } catch (error) { return (error as NodeJS.ErrnoException).code ?? ''; } };`;
    const told = `tell(() => readFileSync(${JSON.stringify(key)})), tell(() => readdirSync(${JSON.stringify(join(cluster.folder, 'proxy', 'sessions'))})), readdirSync('/dev/proof-session')`;
    writeFileSync(
      join(cluster.folder, 'teller.ts'),
      `import { readdirSync, readFileSync } from 'node:fs';\nimport { Selector } from 'proof-grid';\n${tell}
if (process.argv.join().includes('master')) throw new Error('MASTER ' + JSON.stringify([${told}]));
export default class Teller extends Selector { override branches = ['mu1_pt']; override process(): void {} }\n`,
    );
    const ran = await cluster.proof(
      'run',
      '--host',
      'here',
      join(cluster.folder, 'teller.ts'),
      join(cluster.folder, 'data.root'),
    );
    expect(ran.stderr).to.match(/MASTER \["ENOENT","ENOENT",\["master.log","one-off","programs","session.json"\]\]/);
  });

  it('sees no process but its own, and nothing that was entrusted to the pilot', () => {
    expect(answers('signal').length).to.be.greaterThan(2);
    for (const answer of answers('signal')) expect(answer).to.equal('ESRCH');
    expect(Number(seen.find(([name]) => name === 'processes')?.[1])).to.be.lessThan(4);
    expect(seen.find(([name]) => name === 'environment')?.[1]).to.equal('PROOF_SLOT');
  });
});

describe('isolation: an agent that was started by hand on the machine of its ProxyServer', () => {
  it("keeps workers from the server's state and keys, of which it hears when it registers", async function () {
    const proxy = await new TestProxy('sites: []\n').start();
    const agent = new StaticAgent(proxy.url, mkdtempSync(join(proxy.folder, 'agent-')), { CORES: '1' }).start();
    const secrets = ['ca.key', 'admin.token'].map((name) => join(proxy.folder, name));
    for (const secret of secrets) writeFileSync(secret, 'secret');
    /** Places over which something lies in that process's sight. */
    const covered = (pid: number): string[] =>
      readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[4]!);
    try {
      const [first] = await proxy.warm(1);
      const { isolation } = first!.node;
      if (isolation?.by !== 'bubblewrap') skipBecause(this, isolation?.why ?? 'the agent did not say');
      const [worker] = await proxy.until(
        () => proxy.workers(),
        ([one]) => one?.phase === 'warm' && covered(one.pid!).includes(proxy.stateDir),
      );
      expect(covered(worker!.pid!)).to.include.members(secrets);
      expect(covered(worker!.pid!)).not.to.include(proxy.configFile);
    } finally {
      await agent.end('SIGTERM');
      await proxy.stop();
    }
  });
});
