/** What the catalog knows of files, what queries teach it, and files that are not (any more) what it says. */
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RootFileWriter } from '../../rootio/write/root-file-writer.js';
import { checksumOf } from '../../storage/checksum.js';
import { openSource } from '../../storage/open-source.js';
import { type Cluster, startCluster } from '../support/cluster.js';

async function writeTrees(path: string, trees: Record<string, number>): Promise<void> {
  const file = await RootFileWriter.create(path);
  for (const [name, entries] of Object.entries(trees)) {
    const [base, ...above] = name.split('/').reverse();
    const directory = above.length === 0 ? {} : { directory: above.reverse().join('/') };
    const tree = file.tree(base!, '', [{ name: 'x', type: 'float64' }], directory);
    tree.append({ x: Float64Array.from({ length: entries }, (_, i) => i) }, entries);
    tree.close();
  }
  file.close();
}

describe('catalog: facts about files', () => {
  let cluster: Cluster;
  const path = (name: string): string => join(cluster.folder, name);
  const said = async (...words: string[]): Promise<{ status: number | null; lines: string[] }> => {
    const { status, stdout, stderr } = await cluster.proof(...words);
    return { status, lines: (stdout + stderr).trim().split('\n') };
  };

  before(async () => {
    cluster = await startCluster({ pilots: 2 });
    await cluster.warm(2);
  });
  after(async () => cluster?.stop());

  /** Status and entries of a query on the pool and of one here. */
  async function both(word: string): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof('draw', ...how, '--json', '-', word, 'x');
      const { status, entries } = ran.stdout === '' ? { status: ran.stderr, entries: null } : JSON.parse(ran.stdout);
      answers.push([ran.status, status, entries]);
    }
    return answers;
  }
  const counts = (total: number, done: number) => ({ total, done, failed: 0, missing: total - done });

  it('a tree in a directory is found again by queries that come after the first', async () => {
    await writeTrees(path('deep.root'), { 'dir/inner/t': 50 });
    await cluster.proof('register', '/facts/deep.root', path('deep.root'));
    const completed = [0, 'completed', counts(50, 50)];
    expect(await both('lfn:/facts/deep.root')).to.deep.equal([completed, completed]);
    // The master tells the catalog while the query goes on.
    for (let lines: string[] = []; !lines.includes('entries   50'); ) {
      lines = (await said('stat', '/facts/deep.root')).lines;
      if (lines.includes('entries   50')) expect(lines).to.include('tree      dir/inner/t');
    }
    expect(await both('lfn:/facts/deep.root')).to.deep.equal([completed, completed]);
  });

  it('which of several trees is meant is not decided by the queries of others', async () => {
    await writeTrees(path('two.root'), { a: 10, b: 25 });
    await cluster.proof('register', '/facts/two.root', path('two.root'));
    expect((await cluster.proof('draw', '--host', 'here', '--quiet', 'lfn:/facts/two.root#b', 'x')).status).to.equal(0);
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof('draw', ...how, '--quiet', 'lfn:/facts/two.root', 'x');
      expect([how[0], ran.status]).to.deep.equal([how[0], 2]);
      expect(ran.stderr).to.match(/has 2 trees: name one of a, b/);
    }
  });

  it('a file that changed after it was registered is missing, here and on the pool, with as many entries as are on record', async () => {
    await writeTrees(path('one.root'), { t: 40 });
    await writeTrees(path('changing.root'), { t: 100 });
    for (const name of ['changing', 'one'])
      await cluster.proof('register', `/facts/c/${name}.root`, path(`${name}.root`), '--inspect');
    rmSync(path('changing.root'));
    await writeTrees(path('changing.root'), { t: 7 });
    const incomplete = [3, 'incomplete', counts(140, 40)];
    expect(await both('lfn:/facts/c/*.root')).to.deep.equal([incomplete, incomplete]);
    rmSync(path('changing.root'));
    expect(await both('lfn:/facts/c/*.root')).to.deep.equal([incomplete, incomplete]);
  });

  it('copies that were cut off or damaged are passed over for one that is whole', async () => {
    await writeTrees(path('whole.root'), { t: 60 });
    for (const name of ['cut', 'nothing']) writeFileSync(path(`a-${name}.root`), name === 'cut' ? 'root' : '');
    const rotten = readFileSync(path('whole.root'));
    rotten.fill(0xa5, 4, 300);
    writeFileSync(path('a-rotten.root'), rotten);
    const copies = ['a-cut', 'a-nothing', 'a-rotten', 'whole'].map((name) => `file://${path(`${name}.root`)}`);
    const size = String(statSync(path('whole.root')).size);
    await cluster.proof('register', '/facts/copies.root', ...copies, '--size', size);
    const completed = [0, 'completed', counts(60, 60)];
    expect(await both('lfn:/facts/copies.root')).to.deep.equal([completed, completed]);
  });

  it('verify holds files against size, entries and checksum of the catalog, and each replica if it is told so', async () => {
    await writeTrees(path('v.root'), { t: 100 });
    copyFileSync(path('v.root'), path('z-copy.root'));
    const source = await openSource(path('v.root'));
    const sum = `adler32:${await checksumOf(source, 'adler32')}`;
    await source.close();
    const { size } = source;
    const register = (lfn: string, ...words: string[]) => cluster.proof('register', `/facts/v/${lfn}`, ...words);
    await register('good', path('v.root'), '--inspect', '--checksum', sum);
    await register('size', `file://${path('v.root')}`, '--size', '5');
    await register('entries', path('v.root'), '--tree', 't', '--entries', '99');
    await register('sum', path('v.root'), '--checksum', 'adler32:00000001');
    await register('copies', path('v.root'), path('z-copy.root'));
    writeFileSync(path('z-copy.root'), 'not what it was');
    await cluster.proof('datasets', 'create', 'v', 'lfn:/facts/v/*');
    const corrupt = [
      'corrupt  /facts/v/entries: it has 100 entries, and 99 in the catalog',
      `corrupt  /facts/v/size: it has ${size} bytes, and 5 in the catalog`,
    ];
    const plain = await said('datasets', 'verify', 'v');
    expect([plain.status, ...plain.lines]).to.deep.equal([3, ...corrupt, '3 ok, 0 missing, 2 corrupt; 300 entries']);
    const whole = await said('datasets', 'verify', 'v', '--checksums', '--replicas');
    expect(whole.status).to.equal(3);
    const [copy, sums] = whole.lines.splice(-2);
    expect(whole.lines).to.deep.equal([
      ...corrupt,
      `corrupt  /facts/v/sum: its bytes give ${sum}, and adler32:00000001 stands in the catalog`,
    ]);
    expect(copy).to.match(/^replica {2}\/facts\/v\/copies: .*z-copy\.root is no ROOT file/);
    expect(sums).to.equal('2 ok, 0 missing, 3 corrupt, 1 bad replicas; 200 entries');
  });
});
