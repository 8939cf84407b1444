import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { dataset } from '../../../client/data-set.js';
import { expandDatasetWords, expandListedWords } from '../../../client/run/dataset-words.js';
import { UsageError } from '../../../protocol/errors.js';
import { failureOf } from '../../support/failure.js';

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
  it('refuses an empty word, which is not this directory', async () => {
    expect(() => expand('')).to.throw(UsageError, 'An empty word names no file: give a path');
    expect(() => expand('b.root', '#events')).to.throw(UsageError, '#events names no file');
    expect(await failureOf(expandListedWords([''], folder))).to.be.instanceOf(UsageError);
    expect(() => dataset('').expanded(folder)).to.throw(UsageError, 'An empty word');
  });
  it('sorts the matches of a glob bytewise and keeps the tree behind each', () => {
    expect(expand('[!o]*.root#events')).to.deep.equal(['F/Z.root#events', 'F/a.root#events', 'F/b.root#events']);
    expect(expand('**/c.root')).to.deep.equal(['F/run/c.root']);
  });
  it('takes unions apart, but not where bars and commas are part of a name', () => {
    expect(expand('b.root|a.root#events,lfn:/x')).to.deep.equal(['F/b.root', 'F/a.root#events', 'lfn:/x']);
    expect(expand('lfn:/a|lfn:/b')).to.deep.equal(['lfn:/a', 'lfn:/b']);
    expect(expand('{b,a}.root')).to.deep.equal(['F/a.root', 'F/b.root']);
    for (const word of ['dataset:a|b,c', "find:/a?name='x|y,z'", 'https://h/f.root?a=1,2|3'])
      expect(expand(word)).to.deep.equal([word]);
    expect(() => expand('b.root<<good.list')).to.throw(UsageError, 'entry list');
    expect(() => expand('lfn:/a.root?enl=good')).to.throw(UsageError, 'entry list');
  });
  it('is what a DataSet for programs unites', () => {
    const one = dataset('a.root', { tree: 't' });
    const both = one.union('b.root#u', dataset('find:/x?a=1'));
    expect([both.words, one.words]).to.deep.equal([['a.root#t', 'b.root#u', 'find:/x?a=1'], ['a.root']]);
    expect(dataset('lfn:/a|lfn:/b', { tree: 't' }).union('c').words).to.deep.equal(['lfn:/a#t', 'lfn:/b#t', 'c']);
    expect(dataset('a.root|b.root').expanded(folder)).to.have.length(2);
    expect(() => dataset('c').add(one.setEntryList([1]))).to.throw(UsageError, 'entry list');
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
