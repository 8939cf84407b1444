/** The prompt of `proof open` as it is typed at, left, and told to end: what is on the line is run, what runs is not lost, no worker stays taken. */
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
import { atTerminal, leaveTerminal, promptAtTerminal, type Terminal } from '../support/terminal.js';

const ENTRIES = 40_000;

describe('the prompt', () => {
  let cluster: Cluster;
  let gate: Gate;
  const file = (name: string): string => join(cluster.folder, name);
  const query = (): string[] => ['run', file('slow.ts'), file('data.root')];
  before(async function () {
    if (process.platform !== 'linux') skipBecause(this, 'script of util-linux makes the terminal');
    cluster = await startCluster({ pilots: 1, cores: 2, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    gate = new Gate(file('gate'));
    writeFileSync(file('slow.ts'), slowCounter(gate));
  });
  beforeEach(async () => {
    gate.shut();
    await cluster.warm(2);
  });
  after(() => cluster?.stop());

  const open = (): Promise<Terminal> => promptAtTerminal(file('config.yaml'));
  const states = async (): Promise<string[]> =>
    (JSON.parse((await cluster.proof('sessions', '--json')).stdout) as { state: string }[]).map(({ state }) => state);
  const noneOpen = async (): Promise<void> => {
    while ((await states()).some((state) => state !== 'ended'));
  };
  const newest = async (): Promise<QueryInfo> =>
    (JSON.parse((await cluster.proof('queries', '--json')).stdout) as QueryInfo[])
      .sort((a, b) => a.submittedAt - b.submittedAt)
      .at(-1)!;

  it('forgets the line at Ctrl-C, behind the cursor too', async () => {
    const terminal = await open();
    terminal.type('xyzzy\u001b[D\u001b[D'); // the cursor in the middle
    await terminal.shows('xyzzy');
    terminal.type('\u0003');
    await terminal.shows('^C');
    await terminal.shows('proof> ');
    terminal.type('parallel 1\r');
    await terminal.shows('PROOF set to parallel mode (1 workers)');
    await leaveTerminal(terminal);
    expect(terminal.said()).not.to.contain('unknown command');
  });

  it('takes every line that is pasted, and completes a command at TAB', async () => {
    const terminal = await open();
    terminal.type('parallel 1\rparallel 2\rpar');
    await terminal.shows('(1 workers)');
    await terminal.shows('(2 workers)');
    await terminal.shows('proof> ');
    terminal.type('\t');
    await terminal.shows('allel ');
    terminal.type('1\r');
    await terminal.shows('(1 workers)');
    await leaveTerminal(terminal);
    expect(terminal.said()).not.to.contain('unknown command');
  });

  it('says how many workers are used, and refuses a number that is none', async () => {
    const input =
      'parallel 1\nparallel 7\nparallel\nparallel x\nparallel 1.5\nparallel 0\nparallel -3\nparallel 1 2\nworkers\n';
    const { stdout, stderr, status } = await cluster.proofWith({ input }, 'open', 'here');
    expect(status, 'the session outlives a bad number').to.equal(0);
    expect(stdout.match(/^PROOF set to parallel mode .*$/gm)).to.deep.equal([
      'PROOF set to parallel mode (2 workers)',
      'PROOF set to parallel mode (1 workers)',
      'PROOF set to parallel mode (2 workers; 7 at most, when there are more)',
      'PROOF set to parallel mode (2 workers)',
    ]);
    expect(stderr.match(/a whole number from 1 on .*, not ".*"\.$/gm), stderr).to.have.length(5);
  });

  it('may be left while a query runs: it goes on to its end, then the session ends', async () => {
    const { stdout } = await cluster.proofWith({ input: `${query().join(' ')} --async\n` }, 'open', 'here');
    expect(stdout).to.match(/:q1 goes on, and session \S+ ends when that is over/);
    gate.open();
    await noneOpen();
    expect(await newest()).to.deep.include({ state: 'completed', title: 'slow.ts' });
  });

  for (const [signal, end] of [
    ['SIGINT', [130, null]],
    ['SIGTERM', [143, null]],
    ['SIGHUP', [null, 'SIGHUP']],
  ] as const)
    it(`ends its session when it is told to end without a terminal (${signal})`, async () => {
      const env = { ...process.env, PROOF_CONFIG: file('config.yaml') };
      const prompt = spawn(process.execPath, [COMMAND, 'open', 'here'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
      const gone = once(prompt, 'exit');
      prompt.stdout.on('data', (data: Buffer) => {
        if (data.includes('parallel mode')) prompt.kill(signal);
      });
      expect(await gone).to.deep.equal(end);
      await noneOpen();
    });

  it('ends its session when its terminal is gone', async () => {
    const { child } = await open();
    child.kill('SIGKILL');
    await noneOpen();
  });

  it('is not what a query of "proof run" needs: its terminal gone, it completes, and its session ends', async () => {
    const terminal = atTerminal([...query(), '--host', 'here'], file('config.yaml'));
    await terminal.shows('[Progress]');
    terminal.child.kill('SIGKILL');
    await once(terminal.child, 'exit');
    gate.open();
    await noneOpen();
    expect((await newest()).state).to.equal('completed');
  });
});
