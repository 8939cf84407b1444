/** Listings of the catalog: long ones, parts of deep ones, and texts of others that would move a terminal. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestCatalog } from '../support/catalog.js';
import { atTerminal } from '../support/terminal.js';

describe('catalog: listings', () => {
  const catalog = new TestCatalog();
  const lines = async (...words: string[]): Promise<string[]> =>
    (await catalog.proof(...words)).stdout.trimEnd().split('\n');

  before(async () => {
    await catalog.start();
    const grid = catalog.grid();
    const lfns = Array.from({ length: 1200 }, (_, i) => `/list/d${i % 2}/f${String(i).padStart(4, '0')}`);
    const replicas = [{ url: 'root://se//x' }];
    await grid.register([...lfns, '/list/d0/deep/er/x'].map((lfn) => ({ lfn, replicas })));
    await grid.close();
  });
  after(() => catalog.stop());

  it('of a long directory have one header, and of a tree as many levels as were asked for', async () => {
    const long = await lines('ls', '-l', '-r', '/list');
    expect(long).to.have.length(1 + 2 + 1200 + 3);
    expect(long.filter((line) => line.startsWith('mode'))).to.have.length(1);
    expect(await lines('tree', '-L', '1', '/list')).to.deep.equal(['/list', '  d0/', '  d1/']);
    const two = await lines('tree', '-L', '2', '/list');
    expect(two).to.include('    deep/').and.not.include('      er/');
    expect((await lines('tree', '/list')).filter((line) => two.includes(line))).to.have.members(two);
  });

  it('show what would move a terminal as escapes, and give names to a pipe as they are', async () => {
    const red = '\u001b[31m';
    const name = 'a\u202egnp.root';
    await catalog.proof('register', `/esc/${name}`, 'root://se//x', '--tree', `t${red}`);
    await catalog.proof('datasets', 'create', 'esc', 'lfn:/esc/*', '--comment', `c${red}`);
    expect(await lines('find', '/esc', '*')).to.deep.equal([`/esc/${name}`]);
    expect(await lines('stat', `/esc/${name}`)).to.include('tree      t\\x1b[31m');
    expect((await lines('datasets', 'show', 'esc'))[1]).to.equal('c\\x1b[31m');
    const config = join(catalog.folder, 'terminal.yaml');
    writeFileSync(config, `catalog: ${catalog.url}\n`);
    for (const words of [
      ['find', '/esc', '*'],
      ['ls', '/esc'],
      ['tree', '/esc'],
    ]) {
      const terminal = atTerminal(words, config);
      await terminal.shows('a\\u202egnp.root');
      if (terminal.child.exitCode === null) await once(terminal.child, 'exit');
    }
  });
});
