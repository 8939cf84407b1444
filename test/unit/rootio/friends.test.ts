/** Friend trees in this file and in others: written by us, read back by JSROOT and by us. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findColumn } from '../../../analysis/column-set.js';
import { FriendMissingError } from '../../../rootio/errors.js';
import { openRootFile, type RootFile } from '../../../rootio/root-file.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import type { FriendSpec } from '../../../rootio/write/tree-record.js';
import { openSource } from '../../../storage/open-source.js';
import { siblingOpener } from '../../../storage/sibling.js';
import { openWithJsroot } from '../../support/jsroot-reader.js';

const ENTRIES = 2500;

describe('rootio: friend trees', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'friends-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function write(name: string, trees: Readonly<Record<string, number>>, friends: readonly FriendSpec[] = []) {
    const file = await RootFileWriter.create(join(folder, name));
    for (const [tree, factor] of Object.entries(trees)) {
      const options = { basketBytes: 1000, ...(tree === 'main' ? { friends } : {}) };
      const x = Float64Array.from({ length: ENTRIES }, (_, i) => i * factor);
      file.tree(tree, '', [{ name: 'x', type: 'float64' }], options).append({ x }, ENTRIES);
    }
    file.close();
    return join(folder, name);
  }

  const open = async (path: string): Promise<RootFile> =>
    openRootFile(await openSource(path), { openFriend: siblingOpener(path) });

  it('lie in the same file and in another beside it, and JSROOT sees them named', async () => {
    const friends = [{ tree: 'here' }, { tree: 'there', alias: 'far', file: 'other.root' }];
    const path = await write('main.root', { main: 1, here: 2 }, friends);
    await write('other.root', { there: 3 });
    const seen = (await (await openWithJsroot(readFileSync(path))).readObject('main')) as unknown as {
      fFriends: { arr: { fName: string; fTitle: string; fTreeName: string }[] };
    };
    expect(seen.fFriends.arr.map(({ fName, fTitle, fTreeName }) => [fName, fTitle, fTreeName])).to.deep.equal([
      ['here', '', 'here'],
      ['far', 'other.root', 'there'],
    ]);
    const file = await open(path);
    const table = await file.table('main');
    expect(table.columns.map(({ name }) => name)).to.deep.equal(['x', 'here/x', 'far/x']);
    const reader = table.reader(['x', 'here/x', 'far.x']);
    await reader.load(1000, 2000);
    for (const [name, factor] of [
      ['x', 1],
      ['here/x', 2],
      ['far.x', 3],
    ] as const) {
      const wanted = Array.from({ length: 1000 }, (_, i) => (1000 + i) * factor);
      expect(Array.from(reader.column(name).values as Float64Array), name).to.deep.equal(wanted);
    }
    await file.close();
  });

  it('that cannot be opened are left out; a column of one is an error that names its file', async () => {
    const friends = [
      { tree: 'there', alias: 'gone', file: 'no-such.root' },
      { tree: 'there', alias: 'away', file: 'root://elsewhere.example//other.root' },
      { tree: 'absent', alias: 'lost' },
    ];
    const file = await open(await write('main.root', { main: 1 }, friends));
    const table = await file.table('main');
    expect(table.columns.map(({ name }) => name)).to.deep.equal(['x']);
    const reader = table.reader(['x']);
    await reader.load(0, ENTRIES);
    for (const [column, why] of [
      ['gone/x', /no-such\.root/],
      ['away.x', /another server/],
      ['lost/x', /"absent"/],
    ] as const) {
      expect(() => table.reader([column]), column).to.throw(FriendMissingError, why);
      expect(() => findColumn(table, column, 'main.root'), column).to.throw(FriendMissingError, why);
    }
    await file.close();
  });

  it('bring their own friends along, each looked for beside the file that names it; a way that comes back ends there', async () => {
    mkdirSync(join(folder, 'deep'));
    await write('deep/third.root', { main: 5 }, [{ tree: 'main', alias: 'back', file: '../main.root' }]);
    await write('deep/second.root', { main: 3 }, [
      { tree: 'main', alias: 'third', file: 'third.root' },
      { tree: 'main', alias: 'lost', file: 'no-such.root' },
    ]);
    const path = await write('main.root', { main: 1 }, [{ tree: 'main', alias: 'second', file: 'deep/second.root' }]);
    const file = await open(path);
    const table = await file.table('main');
    expect(table.columns.map(({ name }) => name)).to.deep.equal(['x', 'second/x', 'second/third/x']);
    const reader = table.reader(['x', 'second.x', 'second/third/x']);
    await reader.load(10, 12);
    expect(Array.from(reader.column('x').values as Float64Array)).to.deep.equal([10, 11]);
    expect(Array.from(reader.column('second.x').values as Float64Array)).to.deep.equal([30, 33]);
    expect(Array.from(reader.column('second/third/x').values as Float64Array)).to.deep.equal([50, 55]);
    expect(findColumn(table, 'third.x', 'main.root').name).to.equal('second/third/x');
    expect(() => table.reader(['second/lost/x'])).to.throw(FriendMissingError, /no-such\.root/);
    expect(() => findColumn(table, 'second.lost.x', 'main.root')).to.throw(FriendMissingError, /no-such\.root/);
    await file.close();
  });

  it('of the same file name in another folder are not taken for the file itself', async () => {
    mkdirSync(join(folder, 'weights'));
    await write('weights/main.root', { main: 7 });
    const file = await open(
      await write('main.root', { main: 1 }, [{ tree: 'main', alias: 'w', file: 'weights/main.root' }]),
    );
    const reader = (await file.table('main')).reader(['w/x']);
    await reader.load(1, 2);
    expect(Array.from(reader.column('w/x').values as Float64Array)).to.deep.equal([7]);
    await file.close();
  });

  it('that all name one another are no endless road', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
    const file = await RootFileWriter.create(join(folder, 'clique.root'));
    for (const name of names) {
      const friends = names.filter((other) => other !== name).map((tree) => ({ tree }));
      file.tree(name, '', [{ name: 'x', type: 'int32' }], { friends }).append({ x: new Int32Array(3) }, 3);
    }
    file.close();
    const opened = await open(join(folder, 'clique.root'));
    const table = await opened.table('t0');
    expect(table.columns.length).to.equal(101);
    expect(() => table.reader(['t11/x'])).to.throw(FriendMissingError, /more than 100 friends/);
    await opened.close();
  });
});
