/** What others can have shown at a user's terminal (prints, errors, titles, names of files) moves, colours and hides nothing there; files and pipes get it as it is. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';
import { atTerminal } from '../support/terminal.js';

/** A cleared screen, bell, colour by a C1 character, a line written over, text turned around. */
const EVIL = '\u001b[2Jevil\u0007\u009b31m\rover\u202eback';
const ESCAPED = '\\x1b[2Jevil\\x07\\x9b31m\\x0dover\\u202eback';
const SELECTOR = `
import { Selector } from 'proof-grid';
const EVIL = ${JSON.stringify(EVIL)};
export default class Evil extends Selector {
  override branches = ['mu1_pt'];
  h = this.h1('h', 'title ' + EVIL, 10, 0, 100);
  override process(entry: number): void {
    if (entry === 0) console.log('printed\\t' + EVIL);
    if (entry === 1) throw new Error('thrown ' + EVIL);
    this.h.fill(this.columns.mu1_pt.at(entry));
  }
}`;

describe('text of others', () => {
  let cluster: Cluster;
  const file = (name: string): string => join(cluster.folder, name);
  const words = (): string[] => ['run', file('e\u001b[2Jvil.ts'), file('data.root'), '--host', 'here'];
  before(async function () {
    if (process.platform !== 'linux') skipBecause(this, 'script of util-linux makes the terminal');
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 10, run: 1 });
    writeFileSync(file('e\u001b[2Jvil.ts'), SELECTOR);
    await cluster.warm(1);
  });
  after(() => cluster?.stop());

  const shown = async (...line: string[]): Promise<string> => {
    const terminal = atTerminal(line, file('config.yaml'));
    await once(terminal.child, 'exit');
    const said = terminal.said();
    // What is left of escape sequences is ours: colours of bars, and the progress line.
    expect(said.replace(/\u001b\[(36m|39m|K)/g, '')).not.to.match(
      /[\u0000-\u0008\u000b-\u000c\u000e-\u001f\u007f-\u009f\u202e]/,
    );
    return said;
  };

  it('is shown at a terminal as escapes: prints, errors, titles, names', async () => {
    const said = await shown(...words());
    for (const what of ['printed\t', 'title ', 'thrown ']) expect(said).to.contain(`${what}${ESCAPED}`);
    expect(said, 'our own colours stay').to.contain('\u001b[36m');
    expect(await shown('queries')).to.contain('e\\x1b[2Jvil.ts');
    expect(await shown('run', file('none\u001b[2J.ts'), 'x', '--local')).to.contain('none\\x1b[2J.ts');
  });

  it('goes into pipes and files as it is', async () => {
    await cluster.warm(1);
    const { stdout, stderr } = await cluster.proof(...words());
    for (const what of ['printed\t', 'title ']) expect(stdout).to.contain(`${what}${EVIL}`);
    expect(stderr).to.contain(`thrown ${EVIL}`);
    expect((await cluster.proof('queries')).stdout).to.contain('e\u001b[2Jvil.ts');
    await cluster.warm(1);
    const { outputs } = JSON.parse((await cluster.proof(...words(), '--json', '-')).stdout);
    expect(outputs[0].title).to.equal(`title ${EVIL}`);
  });
});
