/** Sessions as users live with them: the prompt, two users at once, queries that are left and retrieved, workers that die. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostEntry, readClientConfig } from '../../client/client-config.js';
import { ProofSession } from '../../client/session/proof-session.js';
import type { QueryInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, COMMAND, isAlive, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';

const SLOW = `
import { Selector } from 'proof-grid';
export default class Slow extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 10, 0, 200);
  override process(entry: number): void {
    let x = 0;
    for (let i = 0; i < 2000; i++) x += Math.sin(i + entry);
    this.pt.fill(this.columns.mu1_pt.at(entry), x === 0 ? 2 : 1);
    PACE
  }
}
`;
const ENTRIES = 100_000;

describe('sessions', () => {
  let cluster: Cluster;
  let data: string;
  const file = (name: string): string => join(cluster.folder, name);

  before(async () => {
    cluster = await startCluster({ pilots: 2, cores: 2 });
    data = file('data.root');
    await writeDimuonFile(data, { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
    writeFileSync(file('slow.ts'), SLOW.replace('PACE', ''));
    await cluster.warm(4);
  });
  after(async () => cluster?.stop());

  it('run every command of proof at the prompt, over one session', async () => {
    const input = `run ${file('slow.ts')} ${data} --entries 1000 --quiet --json ${file('prompt.json')}\nqueries\nnonsense\nexit\n`;
    const ran = await cluster.proofWith({ input }, 'open', 'here');
    expect(ran.stdout).to.match(/Starting master: OK\nOpening connections to workers: OK \(4 workers\)\n/);
    expect(ran.stdout).to.match(/PROOF set to parallel mode \(4 workers\)\n/);
    expect(ran.stdout).to.match(/here-\d+-\d+:q1 +\S+ +completed +1000 +1000/);
    expect(ran.stderr).to.contain("unknown command 'nonsense'");
  });

  it('share the pool: a second user gets workers at once, and both answers are whole', async () => {
    await cluster.warm(4);
    const open = (): Promise<ProofSession> =>
      ProofSession.open(hostEntry(readClientConfig(file('config.yaml')), 'here'));
    const first = await open();
    await first.allReady();
    expect(first.workers.ready).to.equal(4);
    const second = await open();
    await second.welcomed;
    await new Promise<void>((resolve) => {
      const look = (): void => void (second.workers.ready >= 1 && resolve());
      second.on('workers', look);
      look();
    });
    const ran = await cluster.proof('run', file('slow.ts'), data, '--entries', '20000', '--json', '-');
    expect(JSON.parse(ran.stdout).entries).to.deep.equal({ total: 20_000, done: 20_000, failed: 0, missing: 0 });
    await second.close();
    await first.close();
  });

  it('keep one connection to the catalog, however many of their queries ask it', async () => {
    expect((await cluster.proof('register', '/life/data.root', data)).status).to.equal(0);
    const prompt = spawn(process.execPath, [COMMAND, 'open', 'here'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, PROOF_CONFIG: file('config.yaml') },
    });
    try {
      const query = async (n: number): Promise<void> => {
        const answer = file(`asked-${n}.json`);
        prompt.stdin.write(`draw lfn:/life/data.root mu1_pt --entries 10 --quiet --json ${answer}\n`);
        while (!existsSync(answer)) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await query(0);
      const sessions = (await (await fetch(`${cluster.url}/v1/sessions`)).json()) as {
        sessionId: string;
        state: string;
      }[];
      const { sessionId } = sessions.find(({ state }) => state === 'running')!;
      const open = (): number => readdirSync(`/proc/${cluster.masterPid(sessionId)}/fd`).length;
      const before = open();
      for (let n = 1; n <= 12; n++) await query(n);
      expect(open() - before).to.be.below(6);
    } finally {
      prompt.stdin.end('exit\n');
      if (prompt.exitCode === null) await once(prompt, 'exit');
    }
  });

  it('may be left: an asynchronous query runs to its end and is retrieved, archived and removed', async () => {
    const submitted = await cluster.proof('run', '--async', file('slow.ts'), data, '--entries', '20000');
    expect(submitted.stdout, 'its name alone').to.match(/^\S+-\d+-\d+:q1\n$/);
    expect(submitted.status, submitted.stderr).to.equal(0);
    const query = submitted.stdout.trim().split('\n').at(-1)!;
    const retrieved = await cluster.proof('retrieve', query, '--json', '-');
    expect(retrieved.status, retrieved.stderr).to.equal(0);
    const answer = JSON.parse(retrieved.stdout);
    expect(answer.query).to.equal(query);
    expect(answer.entries).to.deep.equal({ total: 20_000, done: 20_000, failed: 0, missing: 0 });
    expect((await cluster.proof('archive', query, file('kept'))).status).to.equal(0);
    expect((await cluster.proof('remove', query)).status).to.equal(0);
    expect((await cluster.proof('queries')).stdout).not.to.contain(query);
    const archived = await cluster.proof('retrieve', file('kept'), '--json', '-');
    expect(JSON.parse(archived.stdout).outputs).to.deep.equal(answer.outputs);
  });

  it('say in a sentence that a result is gone which somebody removed on the server, or is not what was written', async () => {
    const query = (await cluster.proof('run', '--async', file('slow.ts'), data, '--entries', '20000')).stdout
      .trim()
      .split('\n')
      .at(-1)!;
    expect((await cluster.proof('retrieve', query, '--json', '-')).status).to.equal(0);
    const [, sessionId, queryId] = /^(.+):(q\d+)$/.exec(query)!;
    const directory = join(cluster.folder, 'proxy', 'sessions', sessionId!, queryId!);
    const archive = file('undamaged');
    expect((await cluster.proof('archive', query, archive)).status).to.equal(0);
    for (const [whole, ref, sentence] of [
      [join(directory, 'state.bin'), query, 'damaged and not shown: a checksum does not match. Run the query again.'],
      [join(directory, 'result.json'), query, 'damaged and not shown: its figures do not belong to its outputs.'],
      [archive, archive, 'damaged and not shown: a checksum does not match. Run the query again.'],
    ] as const) {
      const before = readFileSync(whole);
      const altered = Buffer.from(before);
      altered[altered.length - 20]! ^= 1; // in the last of the outputs; of result.json: in a figure
      writeFileSync(whole, altered);
      const { status, stdout, stderr } = await cluster.proof('retrieve', ref, '--json', '-');
      expect([status, stdout], stderr).to.deep.equal([1, '']);
      expect(stderr).to.contain(sentence);
      if (ref === query) expect((await cluster.proof('archive', query, file('damaged'))).status).to.equal(1);
      expect(existsSync(file('damaged'))).to.equal(false);
      writeFileSync(whole, before);
      expect((await cluster.proof('retrieve', ref, '--json', '-')).status).to.equal(0);
    }
    for (const [gone, sentence] of [
      [join(directory, 'state.bin'), 'is not there any more'],
      [join(directory, 'result.json'), "left no result: the ProxyServer's disk is full, or was at its end."],
      [directory, 'left no result. Run it again.'],
    ] as const) {
      rmSync(gone, { recursive: true });
      const { status, stderr } = await cluster.proof('retrieve', query, '--json', '-');
      expect(status, stderr).to.equal(1);
      expect(stderr).to.contain(sentence);
      expect(stderr.trim().split('\n'), stderr).to.have.length(1);
    }
    expect((await cluster.proof('remove', query)).status).to.equal(0);
    expect((await cluster.proof('queries')).stdout).not.to.contain(query);
  });

  it('go on when workers are killed in the middle of a query: the same bits, and the pool is whole again', async () => {
    await cluster.warm(4);
    const local = await cluster.proof('run', '--local', file('slow.ts'), data, '--json', '-');
    const gate = new Gate(file('gate'));
    writeFileSync(file('paced.ts'), SLOW.replace('PACE', gate.pace(2)));
    const running = cluster.proof('run', '--host', 'here', file('paced.ts'), data, '--json', '-');
    const victims = await busyWorkers(2);
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    gate.open();
    const ran = await running;
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(ran.stdout);
    expect(answer.entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
    expect(answer.outputs).to.deep.equal(JSON.parse(local.stdout).outputs);
    await cluster.warm(4);
    expect(victims.map(isAlive)).to.deep.equal([false, false]);
  });

  /** Of a query that has begun. */
  async function busyWorkers(n: number): Promise<number[]> {
    for (;;) {
      const queries = JSON.parse((await cluster.proof('queries', '--json')).stdout) as QueryInfo[];
      if (!queries.some(({ state, entries }) => state === 'running' && entries.done > 0)) continue;
      const { stdout } = await cluster.proof('workers', '--json');
      const workers = JSON.parse(stdout) as { phase: string; pid: number }[];
      const pids = workers.filter(({ phase }) => phase === 'attached').map(({ pid }) => pid);
      if (pids.length >= n) return pids.slice(0, n);
    }
  }
});
