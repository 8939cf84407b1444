/** Friend trees in this file and in others: written by us, read back by JSROOT and by us. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
});
