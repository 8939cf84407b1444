/** The library, as a user's program imports it: a session, a data set, the same answer as in this process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { connect, dataset, open, processLocally } from 'proof-grid';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';

const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Scaled extends Selector {
  override branches = ['mu1_pt', 'event'];
  pt = this.h1('pt', 'pt;p_{T} [GeV]', 20, 0, 100);
  rows = this.ntuple('rows', { event: 'int64', pt: 'float32' });
  flat = this.h1('flat', 'uniform', 10, 0, 1);
  override begin(): void {
    this.inputs.factor = 1.5;
  }
  override process(entry: number): void {
    const pt = this.columns.mu1_pt.at(entry) * (this.inputs.factor as number) * Number(this.params.scale);
    this.pt.fill(pt);
    if (pt > 90) this.rows.fill({ event: this.columns.event.at(entry), pt });
    this.flat.fill(this.random.uniform());
  }
}
`;

describe('the library', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ pilots: 2 });
    for (const i of [0, 1])
      await writeDimuonFile(join(cluster.folder, `d${i}.root`), {
        seed: i,
        firstEvent: i * 5000,
        events: 5000,
        run: 1,
      });
    writeFileSync(join(cluster.folder, 'scaled.ts'), SELECTOR);
    await cluster.warm(2);
  });
  after(async () => cluster?.stop());

  it('opens a session and processes a data set, with the same outputs as in this process', async () => {
    const config = join(cluster.folder, 'config.yaml');
    const data = dataset(join(cluster.folder, 'd0.root')).add(
      dataset(join(cluster.folder, 'd1.root'), { tree: 'events' }),
    );
    expect(data.words).to.have.length(2);
    const session = await open('here', { config });
    expect(session.workers).to.equal(2);
    const options = { params: { scale: '2' } };
    let told = 0;
    const answer = await session.process(data, join(cluster.folder, 'scaled.ts'), {
      ...options,
      progress: () => void told++,
    });
    await session.close();
    const local = await processLocally(data, join(cluster.folder, 'scaled.ts'), options);
    expect(answer.status).to.equal('completed');
    expect(answer.entries).to.deep.equal({ total: 10_000, done: 10_000, failed: 0, missing: 0 });
    expect(told).to.be.greaterThan(0);
    const plain = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? `${v}` : v)));
    expect(plain(answer.outputs)).to.deep.equal(plain(local.outputs));
  });

  it('connects to the Grid of a host: its catalog, and its queue for submit, ps and kill', async () => {
    const grid = await connect('here', { config: join(cluster.folder, 'config.yaml') });
    await grid.mkdir('/grid/x', { parents: true });
    await grid.register([{ lfn: '/grid/x/a.root', replicas: [{ url: 'root://se//a.root' }] }]);
    expect((await grid.query('/grid', '*.root')).map(({ lfn }) => lfn)).to.deep.equal(['/grid/x/a.root']);
    expect((await grid.ls('/grid')).map(({ path }) => path)).to.deep.equal(['/grid/x']);
    expect((await grid.whereis('/grid/x/a.root')).replicas.map(({ url }) => url)).to.deep.equal(['root://se//a.root']);
    expect(await grid.collections()).to.deep.equal([]);
    await grid.rm('/grid', { recursive: true });
    const jobId = await grid.submit(
      'Executable = "/bin/sleep"; Arguments = "$1"; Requirements = other.CE == "NOWHERE";',
      ['600'],
    );
    const mine = (await grid.ps()).filter((job) => job.jobId === jobId);
    expect(mine).to.have.length(1);
    await grid.kill(jobId);
    expect((await grid.ps()).find((job) => job.jobId === jobId)?.state ?? 'KILLED').to.equal('KILLED');
    await grid.close();
  });

  it('counts a file of the catalog that no storage has as missing, with its entries, here and in the pool', async () => {
    const config = join(cluster.folder, 'config.yaml');
    const grid = new ProofGrid(cluster.catalogUrl);
    const url = pathToFileURL(join(cluster.folder, 'd0.root')).href;
    await grid.register(['a', 'b'].map((n) => ({ lfn: `/lost/${n}`, entries: 5000, replicas: [{ url }] })));
    await grid.http.tell('/v1/replica', { lfn: '/lost/a', to: 'bad', url });
    await grid.close();
    const session = await open('here', { config });
    const options = { params: { scale: '2' } };
    const pooled = await session.process('lfn:/lost/*', join(cluster.folder, 'scaled.ts'), options);
    await session.close();
    expect(pooled.entries).to.deep.equal({ total: 10_000, done: 5000, failed: 0, missing: 5000 });
    const local = await processLocally('lfn:/lost/*', join(cluster.folder, 'scaled.ts'), { ...options, config });
    for (const { status, missingFiles } of [pooled, local]) {
      expect(status).to.equal('incomplete');
      expect(missingFiles.map(({ file }) => file)).to.deep.equal(['/lost/a']);
      expect(missingFiles[0]!.error).to.contain('no replica that can be used');
    }
  });
});
