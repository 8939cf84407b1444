/** Ctrl-C at a terminal and elsewhere, while a query runs: what is offered is done. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { QueryInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, COMMAND, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { slowCounter } from '../support/programs.js';
import { skipBecause } from '../support/summary-reporter.js';
import { atTerminal } from '../support/terminal.js';

/** A minute and more, unless the gate is opened. */
const ENTRIES = 40_000;

describe('a query that is interrupted', () => {
  let cluster: Cluster;
  let gate: Gate;
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    gate = new Gate(file('gate'));
    writeFileSync(file('slow.ts'), slowCounter(gate));
  });
  after(() => cluster?.stop());

  const words = (): string[] => ['run', '--host', 'here', file('slow.ts'), file('data.root')];
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
  /** @param opens the query has its way after the answer @returns exit status, what was said, and the query */
  const interrupted = async (
    answer: string,
    opens = false,
  ): Promise<{ status: number; said: string; query: QueryInfo }> => {
    await cluster.warm(1);
    gate.shut();
    const before = await newest();
    const terminal = atTerminal(words(), file('config.yaml'));
    const running = await until(({ query, entries }) => query !== before?.query && entries.done > 0);
    terminal.type('\u0003');
    await terminal.shows('[c]ontinue? ');
    terminal.type(answer);
    if (opens) gate.open();
    const [status] = (await once(terminal.child, 'exit')) as [number];
    return { status, said: terminal.said(), query: running };
  };

  it('goes on in the background with b, to its end, and is retrieved', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'script of util-linux makes the terminal');
    const { status, said, query } = await interrupted('b\n');
    expect(status, said).to.equal(0);
    expect(said).to.contain(query.query);
    gate.open();
    await until(({ state }) => state === 'completed');
    const kept = await cluster.proof('retrieve', query.query, '--json', '-');
    expect(JSON.parse(kept.stdout).entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
  });

  it('stops with s, and keeps what is merged', async () => {
    const { status, said, query } = await interrupted('s\n');
    expect(status, said).to.equal(3);
    const { outputs, entries } = JSON.parse((await cluster.proof('retrieve', query.query, '--json', '-')).stdout);
    expect(entries.done).to.be.greaterThan(0).and.lessThan(ENTRIES);
    expect(outputs).to.deep.include({ name: 'n', type: 'counter', title: outputs[0].title, value: entries.done });
  });

  it('is aborted with a, and goes on as if nothing had been with c', async () => {
    const aborted = await interrupted('a\n');
    expect(aborted.status, aborted.said).to.equal(130);
    expect((await until(({ query, state }) => query === aborted.query.query && state === 'aborted')).state).to.equal(
      'aborted',
    );
    const continued = await interrupted('c\n', true);
    expect(continued.status, continued.said).to.equal(0);
    expect((await until(({ query }) => query === continued.query.query)).state).to.equal('completed');
  });

  it('goes on when the question gets no answer, but the end of input (Ctrl-D)', async () => {
    const { status, said } = await interrupted('\u0004', true);
    expect(status, said).to.equal(0);
    expect(said).to.contain(`completed: ${ENTRIES} of ${ENTRIES} entries`);
  });

  it('is aborted where there is no terminal to ask at', async () => {
    await cluster.warm(1);
    gate.shut();
    const before = await newest();
    const env = { ...process.env, PROOF_CONFIG: file('config.yaml') };
    const child = spawn(process.execPath, [COMMAND, ...words()], { env, stdio: 'ignore' });
    const { query } = await until((one) => one.query !== before?.query && one.entries.done > 0);
    child.kill('SIGINT');
    const [status] = (await once(child, 'exit')) as [number];
    expect(status).to.equal(130);
    await until((one) => one.query === query && one.state === 'aborted');
  });
});
