import { expect } from 'chai';
import { EntryList, entryPairs, pairsOf, pairsSize, pairsWithin } from '../../../protocol/entry-list.js';

describe('protocol: entry lists', () => {
  it('hold each entry once, neighbours together', () => {
    expect(pairsOf([7, 3, 4, 5, 4, 9])).to.deep.equal([3, 6, 7, 8, 9, 10]);
    expect(pairsOf([])).to.deep.equal([]);
    expect(pairsSize([3, 6, 7, 8, 9, 10])).to.equal(5);
    expect(pairsWithin([3, 6, 7, 8, 9, 10], 4, 8)).to.deep.equal([4, 6, 7, 8]);
    expect(pairsWithin([3, 6], 6, 9)).to.deep.equal([]);
    expect(pairsWithin([], 0, 9)).to.deep.equal([]);
  });

  it('refuse what is no ascending pairs', () => {
    for (const bad of [[1], [2, 2], [3, 1], [0, 4, 3, 5], [-1, 2], [0, 1.5]])
      expect(entryPairs.safeParse(bad).success, String(bad)).to.equal(false);
    expect(entryPairs.safeParse([0, 4, 4, 5]).success).to.equal(true);
  });

  it('turn places into entries and back, in every cut', () => {
    const entries = [0, 1, 2, 10, 11, 40, 1000];
    const list = new EntryList(pairsOf(entries));
    expect([list.size, list.end]).to.deep.equal([7, 1001]);
    expect(entries.map((_, place) => list.entryAt(place))).to.deep.equal(entries);
    expect(entries.map((entry) => list.placeOf(entry))).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    expect([5, 12, 2000].map((entry) => list.placeOf(entry))).to.deep.equal([3, 5, 7]);
    for (let first = 0; first < 7; first++)
      for (let end = first + 1; end <= 7; end++) {
        const range = list.range(first, end);
        expect(range).to.deep.equal({
          first: entries[first],
          end: entries[end - 1]! + 1,
          only: pairsOf(entries.slice(first, end)),
        });
      }
    expect(new EntryList([]).placeOf(5)).to.equal(0);
  });
});
