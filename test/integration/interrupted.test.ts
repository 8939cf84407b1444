/** Ctrl-C at a terminal and elsewhere, while a query runs: what is offered is done. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { QueryInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, COMMAND, startCluster } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';

const ENTRIES = 3_000;
const SLOW = `
import { Selector } from 'proof-grid';
export default class Slow extends Selector {
  override branches = ['mu1_pt'];
  n = this.counter('n');
  override process(entry: number): void {
    const end = performance.now() + 2;
    while (performance.now() < end);
    this.n.add(1);
  }
}`;

describe('a query that is interrupted', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    writeFileSync(file('slow.ts'), SLOW);
  });
  after(() => cluster?.stop());

  const words = (): string[] => [COMMAND, 'run', '--host', 'here', file('slow.ts'), file('data.root')];
  const newest = async (): Promise<QueryInfo | undefined> =>
    (JSON.parse((await cluster.proof('queries', '--json')).stdout) as QueryInfo[])
      .sort((a, b) => a.submittedAt - b.submittedAt)
      .at(-1);
  const until = async (isSo: (query: QueryInfo) => boolean): Promise<QueryInfo> => {
    for (;;) {
      const query = await newest();
      if (query !== undefined && isSo(query)) return query;
    }
  };
  /** The command, with a terminal of its own that util-linux makes, or without. */
  const start = (hasTerminal: boolean): { child: ChildProcess; said: () => string } => {
    const env = { ...process.env, PROOF_CONFIG: file('config.yaml') };
    // exec: a shell that stays would itself end with 130 for the Ctrl-C.
    const line = `exec ${[process.execPath, ...words()].map((word) => `'${word}'`).join(' ')}`;
    const child = hasTerminal
      ? spawn('script', ['-qec', line, '/dev/null'], { env, stdio: 'pipe' })
      : spawn(process.execPath, words(), { env, stdio: 'pipe' });
    let said = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => {
        said += data.toString('utf8');
      });
    return { child, said: () => said };
  };
  /** @returns exit status, what was said, and the query */
  const interrupted = async (answer: string): Promise<{ status: number; said: string; query: QueryInfo }> => {
    await cluster.warm(1);
    const before = await newest();
    const { child, said } = start(true);
    const running = await until(({ query, entries }) => query !== before?.query && entries.done > 0);
    child.stdin!.write('\u0003');
    while (!said().includes('[b]ackground')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.stdin!.write(`${answer}\n`);
    const [status] = (await once(child, 'exit')) as [number];
    return { status, said: said(), query: running };
  };

  it('goes on in the background with b, to its end, and is retrieved', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'script of util-linux makes the terminal');
    const { status, said, query } = await interrupted('b');
    expect(status, said).to.equal(0);
    expect(said).to.contain(query.query);
    await until(({ state }) => state === 'completed');
    const kept = await cluster.proof('retrieve', query.query, '--json', '-');
    expect(JSON.parse(kept.stdout).entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
  });

  it('stops with s, and keeps what is merged', async () => {
    const { status, said, query } = await interrupted('s');
    expect(status, said).to.equal(3);
    const { outputs, entries } = JSON.parse((await cluster.proof('retrieve', query.query, '--json', '-')).stdout);
    expect(entries.done).to.be.greaterThan(0).and.lessThan(ENTRIES);
    expect(outputs).to.deep.include({ name: 'n', type: 'counter', title: outputs[0].title, value: entries.done });
  });

  it('is aborted with a, and goes on as if nothing had been with c', async () => {
    const aborted = await interrupted('a');
    expect(aborted.status, aborted.said).to.equal(130);
    expect((await until(({ query, state }) => query === aborted.query.query && state === 'aborted')).state).to.equal(
      'aborted',
    );
    const continued = await interrupted('c');
    expect(continued.status, continued.said).to.equal(0);
    expect((await until(({ query }) => query === continued.query.query)).state).to.equal('completed');
  });

  it('is aborted where there is no terminal to ask at', async () => {
    await cluster.warm(1);
    const before = await newest();
    const { child, said } = start(false);
    const { query } = await until((one) => one.query !== before?.query && one.entries.done > 0);
    child.kill('SIGINT');
    const [status] = (await once(child, 'exit')) as [number];
    expect(status, said()).to.equal(130);
    await until((one) => one.query === query && one.state === 'aborted');
  });
});
