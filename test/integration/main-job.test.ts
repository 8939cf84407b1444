/** The main job over real files: register, open, run; the same bits with 1 worker, 4 workers and in one process. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Cluster, startCluster } from '../support/cluster.js';
import { sharedPath } from '../support/shared.js';
import { skipBecause } from '../support/summary-reporter.js';

interface ResultFile {
  query: string;
  status: string;
  entries: { total: number; done: number; failed: number; missing: number };
  outputs: {
    name: string;
    type: string;
    value?: number;
    entries?: number;
    contents?: number[];
    stats?: Record<string, number>;
  }[];
  workers: { entries: number }[];
}
type Expected = Record<
  string,
  { trees: Record<string, { entries: number; branches: Record<string, { sum: number; counts?: { sum: number } }> }> }
>;

const ZMUMU = `
import { Selector } from 'proof-grid';
export default class Zmumu extends Selector {
  override branches = ['M', 'E1', 'Q1', 'Run'];
  mass = this.h1('mass', 'Mass;M [GeV];events', 60, 60, 120);
  e1 = this.h1('e1', 'E1', 1, -1e9, 1e9);
  m = this.h1('m', 'M', 1, -1e9, 1e9);
  q = this.counter('q');
  seen = this.counter('seen');
  override process(entry: number): void {
    const c = this.columns;
    this.mass.fill(c.M!.at(entry), 0.1 * c.E1!.at(entry));
    this.e1.fill(c.E1!.at(entry));
    this.m.fill(c.M!.at(entry));
    this.q.add(c.Q1!.at(entry));
    this.seen.add(1);
  }
}
`;

const HZZ = `
import { Selector } from 'proof-grid';
export default class Muons extends Selector {
  override branches = ['Muon_Px', 'NMuon'];
  px = this.h1('px', 'px', 1, -1e9, 1e9);
  n = this.counter('n');
  all = this.h1('all', 'all', 100, -100, 100);
  override process(entry: number): void {
    const px = this.columns.Muon_Px!;
    const n = px.count(entry);
    this.n.add(n);
    for (let i = 0; i < n; i++) {
      this.px.fill(px.at(entry, i));
      this.all.fill(px.at(entry, i), 1 / 3);
    }
  }
}
`;

const OBJECTS = `
import { Selector } from 'proof-grid';
export default class Objects extends Selector {
  override branches = ['object', 'path'];
  names = this.list<string>('names');
  override process(entry: number): void {
    const { fEntries } = this.columns.object.value(entry) as { fEntries: number };
    this.names.push(this.columns.path.text(entry) + ' ' + fEntries);
  }
}
`;

describe('the main job on real files', () => {
  let cluster: Cluster;
  let expected: Expected;
  before(async function () {
    const found = sharedPath('testdata/root-expected.json');
    if (found === undefined) skipBecause(this, 'the shared ROOT files are not beside the checkout');
    expected = JSON.parse(readFileSync(found, 'utf8')) as Expected;
    cluster = await startCluster({ pilots: 4 });
    await cluster.warm(4);
  });
  after(async () => cluster?.stop());

  const filesLike = (start: string): string[] =>
    readdirSync(sharedPath('testdata/root')!)
      .filter((name) => name.startsWith(start) && !name.includes('objects'))
      .sort();

  /** Registers the files and runs the selector three ways; gives the answers, whose outputs are the same bytes. */
  async function threeWays(selectorText: string, files: readonly string[], folder: string): Promise<ResultFile[]> {
    const selector = join(cluster.folder, `${folder}.ts`);
    writeFileSync(selector, selectorText);
    for (const file of files) {
      const ran = await cluster.proof(
        'register',
        `/${folder}/${file}`,
        `file://${sharedPath(`testdata/root/${file}`)}`,
      );
      expect(ran.stderr).to.equal('');
    }
    const results: string[] = [];
    for (const how of [['--workers', '1'], ['--workers', '4'], ['--local']]) {
      const host = how[0] === '--local' ? [] : ['--host', 'here'];
      const ran = await cluster.proof('run', ...host, ...how, selector, `lfn:/${folder}/*.root`, '--json', '-');
      expect(ran.status, ran.stderr).to.equal(0);
      results.push(ran.stdout);
    }
    const outputs = results.map((text) => text.slice(text.indexOf('"outputs"'), text.indexOf('"timing"')));
    expect(outputs[1]).to.equal(outputs[0]);
    expect(outputs[2]).to.equal(outputs[0]);
    return results.map((text) => JSON.parse(text) as ResultFile);
  }
  const output = (result: ResultFile, name: string) => result.outputs.find((o) => o.name === name)!;

  it('counts every entry of uproot-Zmumu*.root, with sums as another reader gives them', async () => {
    const files = filesLike('uproot-Zmumu');
    const [one, four, local] = await threeWays(ZMUMU, files, 'zmumu');
    for (const result of [one!, four!, local!]) {
      expect(result.status).to.equal('completed');
      expect(result.entries).to.deep.equal({
        total: 2304 * files.length,
        done: 2304 * files.length,
        failed: 0,
        missing: 0,
      });
      expect(output(result, 'seen').value).to.equal(2304 * files.length);
    }
    const sumOf = (branch: string): number =>
      files.reduce((sum, file) => sum + expected[file]!.trees['events;1']!.branches[branch]!.sum, 0);
    expect(output(four!, 'e1').stats!['sumwx']! / sumOf('E1')).to.be.closeTo(1, 1e-12);
    expect(output(four!, 'm').stats!['sumwx']! / sumOf('M')).to.be.closeTo(1, 1e-12);
    expect(output(four!, 'q').value).to.equal(sumOf('Q1'));
    expect(four!.workers.reduce((sum, worker) => sum + worker.entries, 0)).to.equal(2304 * files.length);
  });

  it('takes objects of a class instead of a tree, one an entry', async () => {
    const selector = join(cluster.folder, 'objects.ts');
    writeFileSync(selector, OBJECTS);
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof(
        ...['run', ...how, '--objects', 'TH1F', selector],
        ...[sharedPath('testdata/root/uproot-histograms.root')!, '--json', '-'],
      );
      expect(ran.status, ran.stderr).to.equal(0);
      const { outputs } = JSON.parse(ran.stdout) as { outputs: { items: string[] }[] };
      expect(outputs[0]!.items).to.deep.equal(['one 10000', 'two 10000', 'three 5']);
    }
  });

  it('reads the variable-length branches of uproot-HZZ*.root', async () => {
    const files = filesLike('uproot-HZZ');
    const [, four] = await threeWays(HZZ, files, 'hzz');
    const branch = (file: string) => expected[file]!.trees['events;1']!.branches['Muon_Px']!;
    expect(output(four!, 'n').value).to.equal(files.reduce((sum, file) => sum + branch(file).counts!.sum, 0));
    const sum = files.reduce((total, file) => total + branch(file).sum, 0);
    expect(output(four!, 'px').stats!['sumwx']! / sum).to.be.closeTo(1, 1e-12);
  });
});
