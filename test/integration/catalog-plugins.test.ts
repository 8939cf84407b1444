/** The Grid interface through each of its plug-ins. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import { failureOf } from '../support/failure.js';
import { RucioServer } from '../support/rucio-server.js';

describe('catalog: plug-ins of the Grid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proof-grids-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('embedded: our own catalog as a child process, which keeps what it was told', async () => {
    for (const round of [1, 2]) {
      const grid = await openGrid(`embedded:${join(folder, 'embedded')}`);
      if (round === 1) await grid.register([{ lfn: '/e/x.root', replicas: [{ url: 'root://se//x.root' }] }]);
      expect((await grid.query('/e', '*.root')).map(({ lfn }) => lfn)).to.deep.equal(['/e/x.root']);
      expect((await failureOf(grid.submit('Executable = "x";'))).code).to.equal('CATALOG_UNSUPPORTED');
      await grid.close();
    }
  });

  it('rucio: data sets, names and replicas, the closest that is available first', async () => {
    const server = await new RucioServer('secret').start();
    const grid = await openGrid(`rucio+${server.url}`, { token: 'secret', user: 'jdoe', site: 'NEAR' });
    const files = await grid.glob('/mc16/data/*.root');
    expect(files.map(({ lfn }) => lfn)).to.deep.equal(['/mc16/data/AOD.1.root', '/mc16/data/AOD.2.root']);
    expect(files[0]!.replicas.map(({ se }) => se)).to.deep.equal(['NEAR_DATADISK', 'FAR_DATADISK']);
    expect(await grid.glob('/mc16/*.root')).to.deep.equal([]);
    const set = await resolveDataset(['dataset:mc16:all#CollectionTree'], grid);
    expect(set.map(({ entries, tree }) => [entries, tree])).to.deep.equal([
      [10, 'CollectionTree'],
      [20, 'CollectionTree'],
    ]);
    expect((await grid.find("/mc16?name='*.tgz' and run_number>=5")).length).to.equal(1);
    expect(server.seen.some((call) => decodeURIComponent(call).includes('"run_number.gte":5'))).to.equal(true);
    expect((await failureOf(grid.dataset('mc16:none'))).code).to.equal('CATALOG_NOTHING_MATCHES');
    expect((await failureOf(grid.mkdir('/x'))).code).to.equal('CATALOG_UNSUPPORTED');
    const stranger = await openGrid(`rucio+${server.url}`, { token: 'wrong' });
    expect((await failureOf(stranger.lookup(['/mc16/log.tgz']))).code).to.equal('PROTOCOL_TOKEN_REFUSED');
    await server.stop();
    expect((await failureOf(grid.lookup(['/mc16/log.tgz']))).code).to.equal('CATALOG_UNREACHABLE');
  });

  it("file: JSON, CSV and AliEn's XML collections are the same catalog", async () => {
    const lists = {
      'a.json': '[{"lfn":"/l/b.root","url":"root://se//b.root","size":5},{"lfn":"/l/a.root","urls":["https://x/a"]}]',
      'a.jsonl': '{"lfn":"/l/b.root","url":"root://se//b.root","size":5}\n{"lfn":"/l/a.root","urls":["https://x/a"]}\n',
      'a.csv': 'lfn,url,size\n/l/b.root,root://se//b.root,5\n/l/a.root,https://x/a,\n',
      'a.xml': `<?xml version="1.0"?><alien><collection name="mine"><event name="1">
        <file name="b.root" lfn="/l/b.root" size="5" turl="root://se//b.root" md5="" /></event><event name="2">
        <file name="a.root" lfn="/l/a.root" turl="https://x/a" /></event></collection></alien>`,
    };
    for (const [name, text] of Object.entries(lists)) {
      const path = join(folder, name);
      writeFileSync(path, text);
      const grid = await openGrid(pathToFileURL(path).href);
      const found = await grid.glob('/l/*.root');
      expect(
        found.map(({ lfn, size }) => [lfn, size]),
        name,
      ).to.deep.equal([
        ['/l/a.root', null],
        ['/l/b.root', 5],
      ]);
      expect((await grid.ls('/')).map(({ path }) => path)).to.deep.equal(['/l']);
      const [set] = await grid.collections();
      expect((await grid.dataset(set!)).files.map(({ lfn }) => lfn)).to.deep.equal(['/l/b.root', '/l/a.root']);
    }
    writeFileSync(join(folder, 'bad'), '<alien><collection></alien>');
    const broken = await failureOf(openGrid(pathToFileURL(join(folder, 'bad')).href));
    expect(broken.code).to.equal('CATALOG_BAD_ANSWER');
    expect((await failureOf(openGrid('gopher://x'))).code).to.equal('USAGE');
  });
});
