/** The catalog as its users meet it: a real daemon, asked by HTTP and by the `proof` command. */
import { expect } from 'chai';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import { TestCatalog } from '../support/catalog.js';
import { failureOf } from '../support/failure.js';

describe('catalog: names and replicas over HTTP', () => {
  const catalog = new TestCatalog();
  before(() => catalog.start());
  after(() => catalog.stop());

  it('registers files, finds them by pattern and tells where they are', async () => {
    const grid = catalog.grid();
    await grid.register([
      { lfn: '/demo/b.root', size: 20, entries: 7, tree: 'events', replicas: [{ url: 'root://se//demo/b.root' }] },
      { lfn: '/demo/a.root', size: 10, replicas: [{ url: 'file:///data/a.root', se: 'ALICE::CERN::EOS' }] },
    ]);
    const files = await grid.glob('/demo/*.root');
    expect(files.map(({ lfn }) => lfn)).to.deep.equal(['/demo/a.root', '/demo/b.root']);
    expect(files[0]!.replicas).to.deep.equal([{ url: 'file:///data/a.root', se: 'ALICE::CERN::EOS', site: 'CERN' }]);
    expect(await grid.lookup(['/demo/b.root', '/demo/none'])).to.deep.equal([files[1], undefined]);
    await grid.learn([{ lfn: '/demo/a.root', tree: 'events', entries: 5, isOnlyTree: true }]);
    expect((await grid.lookup(['/demo/a.root']))[0]).to.include({ entries: 5, tree: 'events' });
    await grid.close();
  });

  it('answers a look-up of many names in the order they were asked in, whatever is missing among them', async () => {
    const grid = catalog.grid();
    const nameOf = (i: number): string => `/many/d${i % 7}/f${i}`;
    const replicas = [{ url: 'root://se//x' }];
    const files = Array.from({ length: 5000 }, (_, i) => ({ lfn: nameOf(i), size: i, replicas }));
    await grid.register(files.filter(({ size }) => size % 3 > 0));
    const asked = files.map(({ lfn }) => lfn).reverse();
    const found = await grid.lookup(asked);
    expect(found.map((file) => file?.lfn)).to.deep.equal(
      files.map(({ lfn, size }) => (size % 3 > 0 ? lfn : undefined)).reverse(),
    );
    await grid.close();
  });

  it('resolves words in their order, then bytewise, and a file given twice counts twice', async () => {
    const grid = catalog.grid();
    const words = ['lfn:/demo/b.root', 'https://x/y.root#t', 'lfn:/demo/*.root#other'];
    const files = await resolveDataset(words, grid);
    expect(files.map(({ urls, tree, entries }) => [urls[0], tree, entries])).to.deep.equal([
      ['root://se//demo/b.root', 'events', 7],
      ['https://x/y.root', 't', null],
      ['file:///data/a.root', 'other', null],
      ['root://se//demo/b.root', 'other', null],
    ]);
    const error = await failureOf(resolveDataset(['lfn:/dmo/*.root'], grid));
    expect(error.code).to.equal('CATALOG_NOTHING_MATCHES');
    expect(error.message).to.contain('Did you mean /demo?');
    await grid.close();
  });

  it('finds unsorted as the store has it, the same names', async () => {
    const grid = catalog.grid();
    const lfns = ['/order/b/1.root', '/order/a.root', '/order/c.root'];
    await grid.register(lfns.map((lfn) => ({ lfn, replicas: [{ url: `root://se/${lfn}` }] })));
    const found = async (...options: string[]): Promise<string[]> =>
      (await catalog.proof('find', '/order', '*.root', ...options)).stdout.trim().split('\n');
    expect(await found()).to.deep.equal(['/order/a.root', '/order/b/1.root', '/order/c.root']);
    expect(await found('--unsorted')).to.deep.equal(['/order/a.root', '/order/c.root', '/order/b/1.root']);
    expect(await found('--unsorted', '-o', '1', '-l', '1')).to.deep.equal(['/order/c.root']);
    await grid.close();
  });

  it('gives files back that no storage has, without a place, beside those that can be read', async () => {
    const grid = catalog.grid();
    await grid.register(
      ['a', 'b'].map((n) => ({ lfn: `/lost/${n}.root`, entries: 4, replicas: [{ url: `root://se//lost/${n}` }] })),
    );
    await catalog.proof('catalog', 'replica', '/lost/a.root', 'bad', 'root://se//lost/a');
    const files = await resolveDataset(['lfn:/lost/*.root', 'lfn:/lost/a.root'], grid);
    expect(files.map(({ lfn, urls }) => [lfn, urls.length])).to.deep.equal([
      ['/lost/a.root', 0],
      ['/lost/b.root', 1],
      ['/lost/a.root', 0],
    ]);
    await grid.close();
  });

  it('is driven by the proof command', async () => {
    expect((await catalog.proof('mkdir', '-p', '/cli/deep')).status).to.equal(0);
    expect((await catalog.proof('register', '/cli/deep/x.root', 'root://se//x.root', '--size', '9')).stderr).to.equal(
      '',
    );
    expect((await catalog.proof('mv', '/cli/deep', '/cli/moved')).status).to.equal(0);
    expect((await catalog.proof('find', '/cli/*/x.root')).stdout).to.equal('/cli/moved/x.root\n');
    const listed = JSON.parse((await catalog.proof('ls', '--json', '/cli')).stdout) as { path: string; type: string }[];
    expect(listed.map(({ path, type }) => [path, type])).to.deep.equal([['/cli/moved', 'directory']]);
    const refused = await catalog.proof('rm', '/cli');
    expect([refused.status, refused.stderr.includes('rm -r')]).to.deep.equal([1, true]);
    expect((await catalog.proof('rm', '-r', '/cli')).status).to.equal(0);
    expect((await catalog.proof('stat', '/cli')).status).to.equal(1);
  });
});
