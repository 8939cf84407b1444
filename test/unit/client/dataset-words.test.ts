import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { expandDatasetWords } from '../../../client/run/dataset-words.js';

describe('client: DATASET words', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-words-'));
    mkdirSync(join(folder, 'run'));
    for (const name of ['b.root', 'a.root', 'Z.root', 'odd#name.root', 'run/c.root'])
      writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'list.txt'), '# the good runs\nb.root\n\nlfn:/x/y.root\nrun/*.root#other\n');
    writeFileSync(join(folder, 'loop.txt'), '@loop.txt\n');
  });
  after(() => rmSync(folder, { recursive: true }));
  const expand = (...words: string[]): string[] =>
    expandDatasetWords(words, folder).map((word) => word.replace(pathToFileURL(folder).href, 'F'));

  it('turns local paths into file: URLs and leaves the rest alone, in the order of the words', () => {
    expect(expand('b.root', 'lfn:/a/*.root', 'root://h//f.root#t', 'b.root')).to.deep.equal([
      'F/b.root',
      'lfn:/a/*.root',
      'root://h//f.root#t',
      'F/b.root',
    ]);
  });
  it('sorts the matches of a glob bytewise and keeps the tree behind each', () => {
    expect(expand('[!o]*.root#events')).to.deep.equal(['F/Z.root#events', 'F/a.root#events', 'F/b.root#events']);
    expect(expand('**/c.root')).to.deep.equal(['F/run/c.root']);
  });
  it('takes a file whose own name holds # whole', () => {
    expect(expand('odd#name.root')).to.deep.equal(['F/odd%23name.root']);
  });
  it('reads lists relative to themselves, without comments, the tree of the list where a line has none', () => {
    expect(expand('@list.txt#events')).to.deep.equal(['F/b.root#events', 'lfn:/x/y.root#events', 'F/run/c.root#other']);
  });
  it('says what is missing when a pattern matches nothing, and refuses lists in a circle', () => {
    expect(() => expand('nowhere/*.root')).to.throw(/No file matches nowhere\/\*\.root\. There is no .*nowhere\./);
    expect(() => expand('@loop.txt')).to.throw(/in a circle/);
    expect(() => expand('@none.txt')).to.throw(/Cannot read the list/);
  });
});
