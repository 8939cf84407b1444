/** Data sets over real files, and registration with a look inside. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { TestCatalog } from '../support/catalog.js';
import { sharedPath } from '../support/shared.js';
import { skipBecause } from '../support/summary-reporter.js';

const expectedFile = z.record(
  z.string(),
  z.object({
    trees: z.record(z.string(), z.object({ entries: z.number() })).default({}),
    ntuples: z.record(z.string(), z.object({ entries: z.number() })).default({}),
  }),
);

describe('catalog: data sets and real files', () => {
  const catalog = new TestCatalog();
  before(() => catalog.start());
  after(() => catalog.stop());

  it('--inspect gives the entry counts of the HEP test files', async function () {
    const folder = sharedPath('testdata/root');
    const expected = sharedPath('testdata/root-expected.json');
    if (folder === undefined || expected === undefined) return skipBecause(this, 'the shared test data are not here');
    const done = await catalog.proof(
      'register',
      '/hep',
      '--scan',
      folder,
      '--name',
      '*.root',
      '--inspect',
      '--se',
      'HEP::TEST::DISK',
    );
    expect(done.status, done.stderr).to.equal(0);
    const grid = catalog.grid();
    const files = await grid.glob('/hep/*.root');
    expect(files.length).to.equal(readdirSync(folder).filter((name) => name.endsWith('.root')).length);
    const facts = expectedFile.parse(JSON.parse(readFileSync(expected, 'utf8')));
    let compared = 0;
    for (const { lfn, tree, entries } of files) {
      const { trees, ntuples } = facts[lfn.slice('/hep/'.length)] ?? { trees: {}, ntuples: {} };
      const all = { ...trees, ...ntuples };
      const last = new Map(Object.keys(all).map((key) => [key.replace(/;\d+$/, ''), key]));
      if (last.size !== 1) continue;
      const [name, key] = [...last][0]!;
      expect([lfn, tree, entries]).to.deep.equal([lfn, name, all[key]!.entries]);
      compared++;
    }
    expect(compared).to.be.greaterThan(50);
    await grid.close();
  });

  it('are made, shown, nested, frozen and made anew', async () => {
    const grid = catalog.grid();
    await grid.register(
      ['a', 'b', 'c'].map((n) => ({ lfn: `/ds/${n}.root`, size: 5, replicas: [{ url: `root://se//${n}` }] })),
    );
    const created = await catalog.proof(
      'datasets',
      'create',
      'mine',
      'lfn:/ds/b.root',
      'lfn:/ds/*.root',
      '--tree',
      'events',
    );
    expect(created.stdout, created.stderr).to.equal('/datasets/mine@1: 3 added\n');
    expect((await catalog.proof('datasets', 'create', 'mine', 'lfn:/ds/b.root')).status).to.equal(1);
    await catalog.proof('datasets', 'freeze', 'mine');
    expect((await catalog.proof('datasets', 'add', 'mine', 'https://x/y.root')).stdout).to.equal(
      '/datasets/mine@2: 1 added\n',
    );
    await catalog.proof('datasets', 'create', '/ds/all', 'dataset:mine@1', 'https://x/z.root');
    const names = async (word: string): Promise<string[]> =>
      (await resolveDataset([word], grid)).map(({ lfn, urls, tree }) => `${lfn ?? urls[0]}#${tree}`);
    const first = ['/ds/b.root#events', '/ds/a.root#events', '/ds/c.root#events'];
    expect(await names('dataset:mine@1')).to.deep.equal(first);
    expect(await names('dataset:mine')).to.deep.equal([...first, 'https://x/y.root#events']);
    expect(await names('dataset:/ds/all')).to.deep.equal([
      ...first,
      'https://x/y.root#events',
      'https://x/z.root#null',
    ]);
    expect((await names('dataset:mine@1|/ds/all,mine@1')).length).to.equal(3 + 5 + 3);
    await grid.mv('/ds', '/moved');
    expect((await names('dataset:mine@1'))[0]).to.equal('/moved/b.root#events');
    const shown = JSON.parse((await catalog.proof('datasets', 'show', 'mine', '--json')).stdout) as { files: number };
    expect(shown.files).to.equal(4);
    await grid.close();
  });

  it('give each file once, however often it was added and whatever tree a word names for all', async function () {
    const source = sharedPath('testdata/root/uproot-Zmumu.root');
    if (source === undefined) return skipBecause(this, 'the shared test data are not here');
    const grid = catalog.grid();
    await grid.register([{ lfn: '/once/z.root', replicas: [{ url: `file://${source}` }] }]);
    const add = async (how: string, name: string, ...words: string[]): Promise<string> =>
      (await catalog.proof('datasets', how, name, ...words)).stdout.replace(/^.*: /, '').trim();
    expect(await add('create', 'once', 'lfn:/once/z.root')).to.equal('1 added');
    expect((await catalog.proof('datasets', 'verify', 'once')).status).to.equal(0);
    expect(await add('add', 'once', 'lfn:/once/z.root', 'lfn:/once/z.root#events')).to.equal('0 added');
    expect(await add('create', 'two', 'lfn:/once/z.root#a', 'lfn:/once/z.root#b', '--tree', 'a')).to.equal('2 added');
    expect(await add('create', 'nested', 'lfn:/once/*.root', 'dataset:once', 'dataset:two')).to.equal('3 added');
    const trees = async (words: string[], tree: string | null = null): Promise<(string | null)[]> =>
      (await resolveDataset(words, grid, { tree })).map((file) => file.tree);
    expect(await trees(['dataset:once'])).to.deep.equal(['events']);
    expect(await trees(['dataset:two'])).to.deep.equal(['a', 'b']);
    expect(await trees(['dataset:nested'])).to.deep.equal(['events', 'a', 'b']);
    expect(await trees(['dataset:nested#a', 'dataset:two'], 'b')).to.deep.equal(['a', 'b']);
    expect(await trees(['lfn:/once/z.root', 'lfn:/once/z.root'])).to.deep.equal(['events', 'events']);
    await grid.close();
  });

  it('take no empty word for this directory, nor does a registration', async () => {
    for (const [words, sentence] of [
      [['datasets', 'create', 'empty', ''], 'An empty word names no file'],
      [['register', '/x', ''], 'An empty word is no URL or path of /x'],
      [['register', '/x', '--scan', ''], '--scan needs a directory'],
      [['register', '--list', ''], '--list needs the name of a file'],
    ] as const) {
      const done = await catalog.proof(...words);
      expect([done.status, done.stdout]).to.deep.equal([2, '']);
      expect(done.stderr).to.contain(sentence);
    }
  });

  it('are read by a run in this process, from the catalog that every command asks', async () => {
    const path = join(catalog.folder, 'local.root');
    await writeDimuonFile(path, { seed: 1, firstEvent: 0, events: 100, run: 1 });
    await catalog.proof('register', '/local/a.root', path);
    await catalog.proof('datasets', 'create', 'local', 'lfn:/local/a.root');
    const drawn = async (...words: string[]) => catalog.proof('draw', '--local', '--json', '-', ...words, 'mu1_pt');
    for (const word of ['dataset:local', 'lfn:/local/*.root', 'find:/local?size > 0']) {
      const { status, stdout, stderr } = await drawn(word);
      expect(status, stderr).to.equal(0);
      expect(JSON.parse(stdout).entries.done).to.equal(100);
    }
    const elsewhere = await drawn('--catalog', 'http://127.0.0.1:9', 'dataset:local');
    expect(elsewhere.status).to.equal(1);
    expect(elsewhere.stderr).to.match(/CATALOG_UNREACHABLE/);
    const pool = await catalog.proof('draw', '--catalog', catalog.url, 'dataset:local', 'mu1_pt');
    expect([pool.status, pool.stderr]).to.deep.equal([
      2,
      'proof: --catalog goes with --local: a ProxyServer asks its own catalog.\n',
    ]);
  });

  it('verify opens files and records entries, missing and corrupt ones', async function () {
    const source = sharedPath('testdata/root/uproot-Zmumu.root');
    if (source === undefined) return skipBecause(this, 'the shared test data are not here');
    const folder = join(catalog.folder, 'data');
    mkdirSync(folder);
    for (const name of ['good', 'cut', 'gone']) copyFileSync(source, join(folder, `${name}.root`));
    writeFileSync(join(folder, 'text.root'), 'this is no ROOT file, however long it is made to be '.repeat(10));
    await catalog.proof('register', '/verify', '--scan', folder);
    await catalog.proof('datasets', 'create', 'checked', 'lfn:/verify/*.root', `${join(folder, 'none.root')}`);
    truncateSync(join(folder, 'cut.root'), 100_000);
    const done = await catalog.proof('datasets', 'verify', 'checked', '--json');
    expect(done.status, done.stderr).to.equal(3);
    const result = JSON.parse(done.stdout) as { ok: number; missing: number; corrupt: number };
    expect(result).to.include({ ok: 2, missing: 1, corrupt: 2, entries: 2 * 2304 });
    const grid = catalog.grid();
    expect((await grid.lookup(['/verify/good.root']))[0]).to.include({ tree: 'events', entries: 2304 });
    await grid.close();
  });
});
