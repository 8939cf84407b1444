/**
 * One process of a query is stopped (SIGSTOP) for longer than agents may be silent, and goes on (SIGCONT); and a master dies while nobody waits. The
 * same bits, and nobody does anything about it. PROOF_STOP_S=20 stops for that long instead; a master that is stopped for more than a minute is replaced.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { processTree } from '../../protocol/process-id.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { pause } from '../chaos/pause.js';
import { type Cluster, type Ran, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { processesWith } from '../support/static-agent.js';

const STOP_MS = Number(process.env['PROOF_STOP_S'] ?? 4) * 1000;
const SOURCE = `
import { Selector } from 'proof-grid';
export default class Stopped extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.random.uniform() / 3);
    PACE
  }
}
`;
const ENTRIES = 60_000;
const MARK = 'PROOF_TEST_STOPPED';

describe('fault: a process stopped under a query', () => {
  let cluster: Cluster;
  let data: string;
  let expected: unknown;
  let gate: Gate;
  const file = (name: string): string => join(cluster.folder, name);

  before(async () => {
    // Three heartbeats: an agent that is stopped for longer is given up.
    cluster = await startCluster({ pilots: 2, cores: 1, embeddedCatalog: true, proxyConfig: 'heartbeatMs: 500\n' });
    data = file('data.root');
    await writeDimuonFile(data, { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    gate = new Gate(file('gate'));
    writeFileSync(file('stopped.ts'), SOURCE.replace('PACE', gate.pace(0.5)));
    gate.open();
    const local = await cluster.proof('run', '--local', file('stopped.ts'), data, '--json', '-', '--seed', '7');
    expected = JSON.parse(local.stdout).outputs;
  });
  after(async () => cluster?.stop());

  async function ask<T>(what: string): Promise<T[]> {
    const answer = await fetch(`${cluster.url}/v1/${what}`);
    return answer.ok ? ((await answer.json()) as T[]) : [];
  }
  const words = (...more: string[]): string[] => [
    'run',
    '--host',
    'here',
    file('stopped.ts'),
    data,
    '--seed',
    '7',
    ...more,
  ];
  const start = async (...more: string[]): Promise<Promise<Ran>[]> => {
    await cluster.warm(2);
    gate.shut();
    return [cluster.proofWith({ env: { [MARK]: '1' } }, ...words(...more))];
  };
  /** The running query, once it has done that part of its entries. */
  const runningQuery = async (part: number): Promise<{ query: string; sessionId: string }> => {
    for (;;) {
      const query = (
        await ask<{ query: string; state: string; sessionId: string; entries: { done: number } }>('queries')
      ).at(-1);
      if (query?.state === 'running' && query.entries.done >= part * ENTRIES) return query;
      await pause(20);
    }
  };
  const isExact = (ran: Ran): void => {
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(ran.stdout);
    expect(answer.entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
    expect(answer.outputs).to.deep.equal(expected);
  };
  const named = (name: string): number[] =>
    processTree(cluster.proxyPid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(name));
  const agents = async (): Promise<number[]> =>
    (await ask<{ batchId: string; state: string }>('pilots'))
      .filter(({ state }) => state !== 'gone')
      .map(({ batchId }) => Number(batchId.split('.')[0]));
  const workers = async (): Promise<number[]> =>
    (await ask<{ phase: string; pid: number }>('workers')).filter((w) => w.phase === 'attached').map(({ pid }) => pid);

  for (const [what, find] of [
    ['the ProxyServer', async () => [cluster.proxyPid, ...named('proof-proxy-server')]],
    ['an agent', async () => (await agents()).slice(0, 1)],
    ['a worker', async () => (await workers()).slice(0, 1)],
    ['both workers', () => workers()],
    ['the client', async () => processesWith(`${MARK}=1`)],
    ['the master', async (sessionId: string) => [cluster.masterPid(sessionId)]],
  ] satisfies [string, (sessionId: string) => Promise<number[]>][])
    it(`${what}`, async () => {
      const [running] = await start('--json', '-');
      const { sessionId } = await runningQuery(0.1);
      const pids = await find(sessionId);
      expect(pids).not.to.have.length(0);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await pause(STOP_MS); // the fault itself
      for (const pid of pids)
        try {
          process.kill(pid, 'SIGCONT');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it was taken for dead meanwhile, and ended
        }
      gate.open();
      isExact(await running!);
    });

  it('and the master killed, twice, while the client has left: the answer is retrieved', async () => {
    const [submitted] = await start('--async');
    const query = (await submitted!).stdout.trim().split('\n').at(-1)!;
    for (const part of [0.1, 0.3]) {
      const { sessionId } = await runningQuery(part);
      process.kill(cluster.masterPid(sessionId), 'SIGKILL');
    }
    gate.open();
    isExact(await cluster.proof('retrieve', query, '--json', '-'));
  });
});
