import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { expandListedWords } from '../../../client/run/dataset-words.js';
import { givenEntries, readEntryList } from '../../../client/run/entry-list-file.js';
import { partsOfRootList } from '../../../client/run/root-entry-list.js';
import { UsageError } from '../../../protocol/errors.js';
import { failureOf } from '../../support/failure.js';

describe('client: entry lists in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proof-lists-'));
  after(() => rmSync(folder, { recursive: true }));
  const read = (text: string) => {
    writeFileSync(join(folder, 'list'), text);
    return readEntryList('list', folder);
  };
  const url = (name: string): string => pathToFileURL(join(folder, name)).href;

  it('are text or JSON, by file or along the data set', async () => {
    expect(await read('# chosen\n5\n3-4 9\n')).to.deep.equal([{ file: null, entries: [3, 6, 9, 10] }]);
    expect(await read('a.root 1 2\nlfn:/x/b.root: 7\na.root 3\n')).to.deep.equal([
      { file: url('a.root'), entries: [1, 4] },
      { file: 'lfn:/x/b.root', entries: [7, 8] },
    ]);
    expect(await read('[1, 2, [10, 13]]')).to.deep.equal([{ file: null, entries: [1, 3, 10, 13] }]);
    expect(await read('5-5\n7 # 9-1')).to.deep.equal([{ file: null, entries: [5, 6, 7, 8] }]);
    expect(await read('{"root://se//x": [4], "/x/y": []}')).to.deep.equal([
      { file: 'root://se//x', entries: [4, 5] },
      { file: 'file:///x/y', entries: [] },
    ]);
    expect(givenEntries({ 'root://x//y': new Set([2, 1]) })[0]!.entries).to.deep.equal([1, 3]);
  });

  it('are refused with the line that is none', async () => {
    for (const [text, why] of [
      ['1\na.root x\n', 'line 2: "x" is no entry'],
      ['a.root\n', 'line 1: no entry'],
      ['0-9\n100 200 # c\n5-3\n', 'line 3: "5-3" ends before it begins'],
      ['[1, [20, 10]]', '[20,10] ends before it begins'],
      ['{"a": [[20, 10]]}', '[20,10] ends before it begins'],
      ['[1, -2]', 'is no entry list'],
      ['{"a": 1', 'is no JSON'],
    ] as const) {
      const error = await failureOf(read(text));
      expect(error).to.be.instanceOf(UsageError);
      expect(error.message).to.contain(why);
    }
    expect((await failureOf(readEntryList('none', folder))).message).to.contain('Cannot read the entry list');
    expect(() => givenEntries([1.5])).to.throw('1.5 is no entry');
  });

  it('stand behind the words that they are for', async () => {
    writeFileSync(join(folder, 'l.txt'), '1\n');
    const { dataset, lists } = await expandListedWords(
      ['lfn:/a', 'lfn:/b|lfn:/c<<l.txt', 'root://h//d#t?enl=l.txt'],
      folder,
    );
    expect(dataset).to.deep.equal(['lfn:/a', 'lfn:/b', 'lfn:/c', 'root://h//d#t']);
    expect(lists.map(({ words }) => words)).to.deep.equal([
      [1, 3],
      [3, 4],
    ]);
  });

  it('are read from the members of TEntryList and TEventList', () => {
    const bits = { fType: 0, fPassing: true, fIndices: Uint16Array.from([0b101, 0, 0x8000]) };
    const passing = { fType: 1, fPassing: true, fIndices: [3, 70] };
    const failing = { fType: 1, fPassing: 0, fIndices: Array.from({ length: 63_998 }, (_, i) => i + 1) };
    const one = { fFileName: 'a.root', fBlocks: { arr: [bits, passing] } };
    expect(partsOfRootList({ ...one, fLists: null }, 'l')).to.deep.equal([
      { file: 'a.root', entries: [0, 1, 2, 3, 47, 48, 64_003, 64_004, 64_070, 64_071] },
    ]);
    const two = { fFileName: '', fBlocks: { arr: [null, failing] } };
    expect(partsOfRootList({ fLists: { arr: [one, two] } }, 'l')[1]).to.deep.equal({
      file: null,
      entries: [64_000, 64_001, 127_999, 128_000],
    });
    expect(partsOfRootList({ fN: 2, fList: BigInt64Array.from([9n, 8n, 0n]) }, 'l')).to.deep.equal([
      { file: null, entries: [8, 10] },
    ]);
    expect(() => partsOfRootList({ fName: 'h' }, 'h')).to.throw('no TEntryList');
  });
});
