import { expect } from 'chai';
import { closeness, nearestFirst } from '../../../../proxy-server/master/closeness.js';
import { DataSet, type DataSetFile } from '../../../../proxy-server/master/data-set.js';
import { EntryCounting } from '../../../../proxy-server/master/entry-counting.js';
import { FileQueue } from '../../../../proxy-server/master/file-queue.js';
import { testNode } from '../../../support/nodes.js';

const place = (url: string, se: string | null = null, site: string | null = null) => ({ url, se, site });
const file = (name: string, entries: number | null): DataSetFile => ({
  ...{ name, lfn: name, tree: 't', entries, places: [place(`root://se.cern.ch//${name}`)] },
  ...{ selected: null, friends: [] },
});
const facts = (entries: number) => ({ entries, tree: 't', clusters: [0, entries] });

describe('proxy-server: data set of a query', () => {
  it('counts places in an entry list, and turns them into entries of the file', () => {
    const listed = { ...file('b', 100), selected: [3, 6, 50, 51, 90, 92] };
    const set = new DataSet([file('a', 10), listed, { ...file('c', null), selected: [] }]);
    expect(set.toCount(0, null)).to.deep.equal([]);
    expect(set.window(8, 6)).to.deep.equal({
      total: 6,
      files: [
        { position: 0, first: 8, end: 10 },
        { position: 1, first: 0, end: 4 },
      ],
    });
    expect(set.range(1, 2, 5)).to.deep.equal({ first: 5, end: 91, only: [5, 6, 50, 51, 90, 91] });
    expect(set.range(0, 2, 5)).to.deep.equal({ first: 2, end: 5 });
    expect([set.placeOf(1, 50), set.placeOf(0, 7)]).to.deep.equal([3, 7]);
    expect([set.fileEntriesOf(0), set.fileEntriesOf(1)]).to.deep.equal([10, 100]);
    expect(DataSet.restored(set.dump()).range(1, 0, 1)).to.deep.equal({ first: 3, end: 4, only: [3, 4] });
  });

  it('places the window along its order', () => {
    const set = new DataSet([file('a', 10), file('b', 0), file('c', 20), file('d', 30)]);
    expect(set.window(5, 20)).to.deep.equal({
      total: 20,
      files: [
        { position: 0, first: 5, end: 10 },
        { position: 2, first: 0, end: 15 },
      ],
    });
    expect(set.window(0, null).total).to.equal(60);
    expect(set.window(100, 5)).to.deep.equal({ total: 0, files: [] });
  });

  it('asks for counts only as far as the window needs them', () => {
    const set = new DataSet([file('a', 10), file('b', null), file('c', 20), file('d', null)]);
    expect(set.toCount(0, null)).to.deep.equal([1, 3]);
    expect(set.toCount(0, 10)).to.deep.equal([]);
    expect(set.toCount(0, 30)).to.deep.equal([1]);
  });

  it('does not know its total where a file of unknown length is missing', () => {
    const set = new DataSet([file('a', 10), file('b', null)]);
    set.lose(1, 'gone');
    expect(set.window(0, null).total).to.equal(null);
    expect(set.window(0, 10).total).to.equal(10);
    expect(set.missingFiles()).to.deep.equal([{ file: 'b', error: 'gone' }]);
  });

  it('tells the catalog only what was counted here', () => {
    const set = new DataSet([file('a', 10), file('b', null)]);
    set.learn(0, facts(11));
    set.learn(1, facts(5));
    expect(set.learnt()).to.deep.equal([{ lfn: 'b', tree: 't', entries: 5, isOnlyTree: false }]);
    expect(set.entriesOf(0)).to.equal(10);
  });

  it('tells the catalog of a tree that a word named whether the file holds others', () => {
    const named = ['a', 'b', 'c'].map((name) => ({ ...file(name, null), tree: 't' }));
    const set = new DataSet(named);
    for (const [position, isOnlyTree] of [true, false, undefined].entries())
      set.learn(position, { ...facts(5), isOnlyTree });
    expect(set.learnt().map((fact) => fact.isOnlyTree)).to.deep.equal([true, false, false]);
  });
});

describe('proxy-server: counting of entries', () => {
  const counting = (n: number): { set: DataSet; counting: EntryCounting } => {
    const set = new DataSet(Array.from({ length: n }, (_, i) => file(`f${i}`, null)));
    return { set, counting: new EntryCounting(set, { first: 0, entries: null }) };
  };

  it("spreads over the workers, and a lost one's files go to others", () => {
    const { counting: work } = counting(4);
    work.join('a');
    work.join('b');
    const sent = work.next();
    expect(sent.map(({ worker }) => worker).sort()).to.deep.equal(['a', 'a', 'b', 'b']);
    work.leave('a');
    for (const { worker, requestId } of sent) if (worker === 'b') work.counted('b', { requestId, facts: facts(1) });
    for (const { requestId } of work.next()) work.counted('b', { requestId, facts: facts(1) });
    expect(work.isFinished).to.equal(true);
  });

  it('tries a file that one worker cannot open on another, then calls it missing', () => {
    const { set, counting: work } = counting(1);
    work.join('a');
    work.join('b');
    for (const expected of ['a', 'b']) {
      const [request] = work.next();
      expect(request?.worker).to.equal(expected);
      work.counted(expected, { requestId: request!.requestId, error: { code: 'X', message: 'no such file' } });
    }
    expect(work.isFinished).to.equal(true);
    expect(set.missingFiles()).to.deep.equal([{ file: 'f0', error: 'no such file' }]);
  });

  it('stops when the window is covered', () => {
    const set = new DataSet(Array.from({ length: 100 }, (_, i) => file(`f${i}`, null)));
    const work = new EntryCounting(set, { first: 0, entries: 15 });
    work.join('a');
    for (const { requestId } of work.next()) work.counted('a', { requestId, facts: facts(10) });
    expect(work.isFinished).to.equal(true);
    expect(set.window(0, 15).total).to.equal(15);
  });
});

describe('proxy-server: which file to which worker', () => {
  const near = { ...testNode, host: 'wn1', site: 'CERN', closeSEs: ['ALICE::CERN::EOS'] };

  it('is decided by host, then storage element or site, then the rest', () => {
    expect(closeness(near, place('file:///data/a.root'))).to.equal(0);
    expect(closeness(near, place('root://wn1:1094//a.root'))).to.equal(0);
    expect(closeness(near, place('root://eos.cern.ch//a.root', 'ALICE::CERN::EOS'))).to.equal(1);
    expect(closeness(near, place('root://eos.cern.ch//a.root', null, 'CERN'))).to.equal(1);
    expect(closeness(near, place('root://se.gsi.de//a.root', 'ALICE::GSI::SE'))).to.equal(2);
    expect(
      nearestFirst(near, [place('root://x//a', 'ALICE::GSI::SE'), place('root://y//a', 'ALICE::CERN::EOS')]).map(
        ({ url }) => url,
      ),
    ).to.deep.equal(['root://y//a', 'root://x//a']);
  });

  it('goes on with its own file, takes a near one, helps at a near one, then goes elsewhere', () => {
    const cern = [place('root://eos//a', null, 'CERN')];
    const gsi = [place('root://gsi//a', null, 'GSI')];
    const queue = new FileQueue([
      { position: 0, places: gsi },
      { position: 1, places: cern },
    ]);
    queue.join('a', near);
    queue.join('b', near);
    expect(queue.pick('a')).to.equal(1);
    expect(queue.pick('a')).to.equal(1);
    expect(queue.pick('b')).to.equal(1);
    queue.finish(1);
    expect(queue.pick('b')).to.equal(0);
    expect(queue.pick('a')).to.equal(0);
    queue.finish(0);
    expect(queue.pick('a')).to.equal(undefined);
  });

  it('spreads workers over files, and shares the files where there are more workers', () => {
    const places = [place('file:///a')];
    const queue = new FileQueue([0, 1].map((position) => ({ position, places })));
    for (const name of ['a', 'b', 'c']) queue.join(name, near);
    expect(['a', 'b', 'c'].map((name) => queue.pick(name))).to.deep.equal([0, 1, 0]);
  });
});
