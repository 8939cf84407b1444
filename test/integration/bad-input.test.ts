/** Bad input, as a user meets it: one clear sentence, the right exit status, no stack of ours, and the pool unharmed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { RootFileWriter } from '../../rootio/write/root-file-writer.js';
import { type Cluster, type Ran, run, startCluster } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';

const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Pt extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 10, 0, 200);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry));
  }
}
`;
const ENTRIES = 5000;

describe('bad input', () => {
  let cluster: Cluster;
  let good: string;
  const file = (name: string): string => join(cluster.folder, name);

  before(async () => {
    cluster = await startCluster({ pilots: 2 });
    good = file('good.root');
    await writeDimuonFile(good, { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
    writeFileSync(file('pt.ts'), SELECTOR);
    await cluster.warm(2);
  });
  after(async () => cluster?.stop());

  /** Runs it on the pool and in one process; both end alike. */
  async function both(status: number, words: RegExp, selector: string, ...dataset: string[]): Promise<Ran[]> {
    const answers: Ran[] = [];
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof('run', ...how, '--quiet', selector, ...dataset);
      expect(ran.status, `${how[0]}: ${ran.stderr}`).to.equal(status);
      expect(ran.stderr).to.match(words);
      expect(ran.stderr).not.to.match(/node_modules|\/dist\/|node:internal/);
      answers.push(ran);
    }
    return answers;
  }

  it('a data set that matches nothing names what was looked for', async () => {
    await both(1, /No file matches .*nothing-\*\.root/, file('pt.ts'), file('nothing-*.root'));
    await both(1, /The catalog has no .*\/nowhere/, file('pt.ts'), 'lfn:/nowhere/*.root');
  });

  it('missing, empty, truncated and foreign files are named, the others are read: incomplete', async () => {
    writeFileSync(file('text.root'), 'hello');
    writeFileSync(file('empty.root'), '');
    const names = ['gone.root', 'text.root', 'empty.root'].map(file);
    const answers = await both(3, /missing .*gone\.root: There is no file/, file('pt.ts'), good, ...names);
    for (const { stderr } of answers) {
      expect(stderr).to.match(/missing .*text\.root: .* is no ROOT file/);
      expect(stderr).to.match(/missing .*empty\.root: .* is no ROOT file/);
    }
    await both(1, /Nothing could be read.*gone\.root/, file('pt.ts'), file('gone.root'));
  });

  it('a branch that does not exist names the nearest', async () => {
    writeFileSync(file('branch.ts'), SELECTOR.replaceAll('mu1_pt', 'mu1_pT'));
    await both(1, /no branch mu1_pT\. Did you mean mu1_pt\?/, file('branch.ts'), good);
  });

  it('a selector that would do nothing, and an expression that cannot be meant, are refused', async () => {
    writeFileSync(file('typo.ts'), SELECTOR.replace('override process(', 'proces('));
    await both(1, /neither process\(entry\) nor processBatch/, file('typo.ts'), good);
    const drawn = await cluster.proof('draw', '--local', good, 'mu1_pt>>h(0,0,1)');
    expect([drawn.status, drawn.stderr]).to.deep.equal([
      2,
      'proof: 0 is no number of bins, at character 9 of "mu1_pt>>h(0,0,1)": …h(0,0,1) [ANALYSIS_DRAW_EXPRESSION]\n',
    ]);
  });

  it('a text that is to be drawn is told alone: the file could be read', async () => {
    const texts = await RootFileWriter.create(file('texts.root'));
    const tree = texts.tree('t', '', [{ name: 'name', type: 'string' }]);
    tree.append({ name: ['a', 'b'] }, 2);
    tree.close();
    texts.close();
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof('draw', ...how, '--quiet', file('texts.root'), 'name');
      expect([ran.status, ran.stderr], how[0]).to.deep.equal([
        2,
        'proof: name holds text, not numbers, at character 1 of "name": …name [ANALYSIS_DRAW_EXPRESSION]\n',
      ]);
    }
  });

  it('a selector that does not compile is told with file, line and column', async () => {
    writeFileSync(file('syntax.ts'), SELECTOR.replace('at(entry))', 'at(entry)'));
    await both(1, /syntax\.ts:7:\d+: Expected "\)"/, file('syntax.ts'), good);
  });

  it("a selector that throws is told with the user's own line and entry; everything else is counted", async () => {
    writeFileSync(
      file('throws.ts'),
      SELECTOR.replace('this.pt.fill', 'if (entry === 1234) throw new Error("bad luck");\n    this.pt.fill'),
    );
    await both(
      3,
      /good\.root entry 1234 after \d attempts?: Error: bad luck\n\s+at Pt\.process \(throws\.ts:7:\d+\)/,
      file('throws.ts'),
      good,
    );
    const ran = await cluster.proof('run', '--host', 'here', file('throws.ts'), good, '--json', '-');
    const { status, entries, failures } = JSON.parse(ran.stdout);
    expect(status).to.equal('incomplete');
    expect(entries).to.deep.equal({ total: ENTRIES, done: ENTRIES - 1, failed: 1, missing: 0 });
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include({ first: 1234, end: 1235, entry: 1234, attempts: 3 });
  });

  it('a selector that always throws fails the query, and the next query is well', async () => {
    writeFileSync(file('always.ts'), SELECTOR.replace('this.pt.fill', 'throw new Error("never");\n    this.pt.fill'));
    await both(1, /101 entries failed, more than the 100 .*Error: never/, file('always.ts'), good);
    await both(1, /No entry could be done\. .*entry 0: .*Error: never/, file('always.ts'), '--entries', '5', good);
    await both(0, /^$/, file('pt.ts'), good);
  });

  it('a session within a session is refused, and the prompt goes on', async () => {
    const ran = await cluster.proofWith({ input: 'open here\nattach\nworkers\nclose\n' }, 'open', 'here');
    expect(ran.stderr.match(/You are in session \S+ already/g)).to.have.length(2);
    expect(ran.stdout).to.match(/attached/);
  });

  it('an unknown host, one that nobody listens at, and wrong usage', async () => {
    const proof = (...words: string[]): Promise<Ran> => cluster.proof('run', ...words, file('pt.ts'), good);
    const unknown = await proof('--host', 'hera');
    expect([unknown.status, unknown.stderr]).to.deep.equal([
      1,
      `proof: No host hera in ${file('config.yaml')}. Did you mean here? Known: here. [CLIENT_UNKNOWN_HOST]\n`,
    ]);
    const nobody = await proof('--host', '127.0.0.1:1');
    expect(nobody.status).to.equal(1);
    expect(nobody.stderr).to.match(/Cannot reach 127\.0\.0\.1:1 .*proof proxy start/);
    expect((await proof('--lokal')).status).to.equal(2);
    expect((await proof('--local', '--plot', 'x.jpg')).status).to.equal(2);
    expect((await proof('--local', '--output', '/nowhere/x.root')).status).to.equal(2);
  });

  it('a disk that is full leaves no half file', async function () {
    const full = file('full');
    mkdirSync(full);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]);
    if (mounted.status !== 0) skipBecause(this, 'no small file system can be mounted here');
    try {
      writeFileSync(file('wide.ts'), SELECTOR.replace('10, 0, 200', '200000, 0, 200'));
      for (const option of ['--json', '--plot']) {
        const name = join(full, option === '--plot' ? 'x.svg' : 'x.json');
        const ran = await cluster.proof('run', '--local', '--quiet', file('wide.ts'), good, option, name);
        expect([option, ran.status]).to.deep.equal([option, 1]);
        expect(ran.stderr).to.match(/disk is full|no space left/i);
        expect(readdirSync(full)).to.deep.equal([]);
      }
    } finally {
      spawnSync('umount', [full]);
    }
  });

  it('a port in use, and a configuration with an unknown key, end a daemon with one sentence', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-bad-'));
    try {
      const start = async (text: string): Promise<Ran> => {
        writeFileSync(join(folder, 'p.yaml'), `stateDir: ${folder}/state\nauth: development\nsites: []\n${text}`);
        return run(['proxy', 'start', '--config', join(folder, 'p.yaml')]);
      };
      const taken = await start(`listen: ${cluster.url.replace('http://', '')}\n`);
      expect(taken.status).to.equal(1);
      expect(taken.stderr).to.match(/Another process listens on 127\.0\.0\.1:\d+\./);
      const unknown = await start('listen: 127.0.0.1:0\nfactoryTick: 3\n');
      expect(unknown.status).to.equal(2);
      expect(unknown.stderr).to.match(/unknown key factoryTick\. Did you mean factoryTickS\?/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
