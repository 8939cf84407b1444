/** Ctrl-C and Ctrl-Z at the prompt of a terminal, as at a shell: a command is ended or stopped, whatever it does, and the prompt goes on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { slowCounter } from '../support/programs.js';
import { skipBecause } from '../support/summary-reporter.js';
import {
  atTerminal,
  leaveTerminal,
  promptAtTerminal,
  type Terminal,
  type TerminalOptions,
} from '../support/terminal.js';

const NEVER_RUNS = 'Executable = "/bin/true"; Requirements = false;';

describe('the prompt, interrupted', () => {
  let cluster: Cluster;
  let job: string;
  const file = (name: string): string => join(cluster.folder, name);
  before(async function () {
    if (process.platform !== 'linux') skipBecause(this, 'script of util-linux makes the terminal');
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 40_000, run: 1 });
    writeFileSync(file('slow.ts'), slowCounter(new Gate(file('gate'))));
    job = (await cluster.proof('submit', NEVER_RUNS)).stdout.trim();
  });
  beforeEach(() => cluster.warm(1));
  after(() => cluster?.stop());

  const open = (options: TerminalOptions = {}): Promise<Terminal> => promptAtTerminal(file('config.yaml'), options);

  it('ends the command that waits at Ctrl-C, also at two, with what was pasted behind it', async () => {
    const terminal = await open();
    for (const keys of ['\u0003', '\u0003\u0003']) {
      terminal.type(`trace --follow ${job}\rxyzzy\r`);
      await terminal.shows('WAITING: submitted');
      terminal.type(keys);
      await terminal.shows('proof> ');
    }
    terminal.type('parallel 1\r');
    await terminal.shows('(1 workers)');
    await leaveTerminal(terminal);
    expect(terminal.said()).not.to.contain('unknown command');
  });

  it('does so in a session that it came back into', async () => {
    const first = await open();
    const terminal = atTerminal(['attach'], file('config.yaml'));
    await terminal.shows('proof> ');
    terminal.type(`trace --follow ${job}\r`);
    await terminal.shows('WAITING: submitted');
    terminal.type('\u0003');
    await terminal.shows('proof> ');
    await leaveTerminal(terminal);
    await leaveTerminal(first);
  });

  it('runs the next query after one that was aborted', async () => {
    const terminal = await open();
    terminal.type(`run ${file('slow.ts')} ${file('data.root')}\r`);
    await terminal.shows('[Progress]');
    terminal.type('\u0003');
    await terminal.shows('[c]ontinue? ');
    terminal.type('a\r');
    await terminal.shows('proof> ');
    terminal.type(`run ${file('slow.ts')} ${file('data.root')} --entries 10\r`);
    await terminal.shows('completed: 10 of 10 entries');
    await leaveTerminal(terminal);
  });

  it('is stopped at Ctrl-Z, and is where it was when it is brought back', async () => {
    const terminal = await open({ isJob: true });
    terminal.type('paral');
    await terminal.shows('paral');
    terminal.type('\u001a');
    await terminal.shows('Stopped');
    await terminal.shows('proof> paral');
    terminal.type('lel 1\r');
    await terminal.shows('(1 workers)');
    await leaveTerminal(terminal);
  });

  it('does the same on a terminal that cannot be drawn on, where nothing moves, colours or is written over', async () => {
    const terminal = await open({ env: { TERM: 'dumb' } });
    terminal.type('xyzzy');
    await terminal.shows('xyzzy');
    terminal.type('\u0003');
    await terminal.shows('proof> ');
    terminal.type(`run ${file('slow.ts')} ${file('data.root')} --entries 100\r`);
    await terminal.shows('[Progress] 100/100 events');
    await terminal.shows('completed: 100 of 100 entries');
    await terminal.shows('proof> ');
    await leaveTerminal(terminal);
    expect(terminal.said()).not.to.match(/unknown command|\u001b|\r(?!\n)/);
  });
});
