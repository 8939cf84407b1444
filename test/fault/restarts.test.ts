/** Daemons killed under a query that runs: the same bits as undisturbed, and the client does nothing about it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { processTree } from '../../protocol/process-id.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, type Ran, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { processesWith } from '../support/static-agent.js';

const BUSY = `
import { Selector } from 'proof-grid';
export default class Busy extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  dice = this.h1('dice', 'dice', 50, 0, 1);
  override process(entry: number): void {
    let x = 0;
    for (let i = 0; i < 500; i++) x += Math.sin(i + entry);
    this.pt.fill(this.columns.mu1_pt.at(entry), x === 0 ? 2 : 1 / 3);
    this.dice.fill(this.random.uniform(), 0.1);
    PACE
  }
}
`;
const ENTRIES = 150_000;

describe('fault: daemons killed under a query', () => {
  let cluster: Cluster;
  let data: string;
  let expected: unknown;
  let gate: Gate;
  const file = (name: string): string => join(cluster.folder, name);

  before(async () => {
    cluster = await startCluster({ pilots: 2, cores: 1, embeddedCatalog: true });
    data = file('data.root');
    await writeDimuonFile(data, { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    gate = new Gate(file('gate'));
    writeFileSync(file('busy.ts'), BUSY.replace('PACE', gate.pace(0.1)));
    gate.open();
    const local = await cluster.proof('run', '--local', file('busy.ts'), data, '--json', '-', '--seed', '7');
    expected = JSON.parse(local.stdout).outputs;
  });
  after(async () => cluster?.stop());

  const start = (): Promise<Ran> => {
    gate.shut();
    return cluster.proof('run', '--host', 'here', file('busy.ts'), data, '--json', '-', '--seed', '7');
  };
  /** The running query, once it has done that part of its entries. */
  const runningQuery = async (part: number): Promise<{ sessionId: string }> => {
    for (;;) {
      const query = (await ask<{ state: string; sessionId: string; entries: { done: number } }>('queries')).at(-1);
      if (query?.state === 'running' && query.entries.done >= part * ENTRIES) return query;
    }
  };
  const isWhole = async (running: Promise<Ran>): Promise<void> => {
    gate.open();
    const ran = await running;
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(ran.stdout);
    expect(answer.entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
    expect(answer.outputs).to.deep.equal(expected);
  };

  it('the master, twice', async () => {
    await cluster.warm(2);
    const ran = start();
    const { sessionId } = await runningQuery(0);
    process.kill(cluster.masterPid(sessionId), 'SIGKILL');
    await runningQuery(0.3);
    process.kill(cluster.masterPid(sessionId), 'SIGKILL');
    await isWhole(ran);
  });

  it('the ProxyServer: it comes back, and agents and workers keep their identity', async () => {
    await cluster.warm(2);
    const ran = start();
    await runningQuery(0.1);
    const before = await workers();
    expect(before).to.have.length(2);
    await cluster.killProxy();
    await cluster.startProxy();
    await runningQuery(0.5);
    expect(await workers()).to.deep.equal(before);
    await isWhole(ran);
  });

  it('the master while no ProxyServer runs', async () => {
    await cluster.warm(2);
    const ran = start();
    const { sessionId } = await runningQuery(0.1);
    await cluster.killProxy();
    process.kill(cluster.masterPid(sessionId), 'SIGKILL');
    await cluster.startProxy();
    await isWhole(ran);
  });

  it('the ProxyServer and a master that has not begun to listen: the session is not given up', async () => {
    await cluster.warm(2);
    const spares = await spareMasters();
    for (const pid of spares) process.kill(pid, 'SIGSTOP');
    const ran = start();
    const opened = async (): Promise<boolean> =>
      (await ask<{ state: string }>('sessions')).some(({ state }) => state === 'starting');
    while (!(await opened()));
    await cluster.killProxy();
    for (const pid of spares) process.kill(pid, 'SIGKILL');
    await cluster.startProxy();
    await isWhole(ran);
  });

  it('the ProxyServer while a payload runs and ends: it is reported afterwards, once', async () => {
    writeFileSync(file('job.sh'), `echo begin; while [ ! -e ${file('go')} ]; do sleep 0.1; done; echo end\n`);
    writeFileSync(file('job.jdl'), `Executable = "/bin/sh"; Arguments = "${file('job.sh')}"; TTL = 600;`);
    const jobId = (await cluster.proof('submit', file('job.jdl'))).stdout.trim();
    const said = async (): Promise<string> => (await fetch(`${cluster.url}/v1/jobs/${jobId}/file?name=stdout`)).text();
    while ((await said()) !== 'begin\n');
    await cluster.killProxy();
    writeFileSync(file('go'), '');
    while (processesWith(`PROOF_JOB=${jobId}.1`).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await cluster.startProxy();
    const job = async (): Promise<{ state: string; run: number } | undefined> =>
      (await fetch(`${cluster.url}/v1/jobs/${jobId}`)).json() as Promise<{ state: string; run: number }>;
    let now = await job();
    while (now?.state !== 'DONE') now = await job();
    expect(now.run).to.equal(1);
    const trace = (await (await fetch(`${cluster.url}/v1/jobs/${jobId}/trace`)).json()) as { text: string }[];
    expect(trace.filter(({ text }) => /^(RUNNING|DONE)/.test(text))).to.have.length(2);
    expect(await said()).to.equal('begin\nend\n');
  });

  it('the embedded catalog, twice: at its address again after a pause that grows, and the log says so', async () => {
    const before = catalogs();
    for (let kills = 1; kills <= 2; kills++) {
      process.kill(catalogs().at(-1)!.pid, 'SIGKILL');
      while (catalogs().length < before.length + kills) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(catalogs().at(-1)!.url).to.equal(before.at(-1)!.url);
    const pauses = logged().flatMap(
      ({ message }) => /catalog ended .* started again in (\S+) s/.exec(message)?.[1] ?? [],
    );
    expect(pauses).to.deep.equal(['0.5', '1']);
  });

  /** Those that the ProxyServer has started ahead. */
  async function spareMasters(): Promise<number[]> {
    for (;;) {
      const found = processTree(cluster.proxyPid).filter((pid) => {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
        return words[0] === process.execPath && words.at(-2) === '--spare';
      });
      if (found.length > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  interface Line {
    readonly message: string;
    readonly pid: number;
    readonly url: string;
  }
  const logged = (): Line[] =>
    readFileSync(file('proxy/log/proxy-server.log'), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line);
  const catalogs = (): Line[] => logged().filter(({ message }) => message === 'embedded catalog ready');
  async function workers(): Promise<string[]> {
    return (await ask<{ workerId: string }>('workers')).map(({ workerId }) => workerId).sort();
  }
  async function ask<T>(what: string): Promise<T[]> {
    const answer = await fetch(`${cluster.url}/v1/${what}`).catch(() => undefined); // it is being restarted
    return answer?.ok ? ((await answer.json()) as T[]) : [];
  }
});
