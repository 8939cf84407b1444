/** Which ranges share a read, and how its bytes come apart again. */
import { expect } from 'chai';
import { coalesce, scatter } from '../../../storage/byte-ranges.js';
import { patternBytes } from '../../support/pattern.js';

describe('storage: coalescing of ranges', () => {
  it('joins neighbours up to the gap and the length allowed, in any order, with overlaps and repetitions', () => {
    const ranges = [
      { offset: 100, length: 10 },
      { offset: 0, length: 10 },
      { offset: 12, length: 8 },
      { offset: 0, length: 10 },
      { offset: 105, length: 50 },
      { offset: 160, length: 1000 },
    ];
    expect(coalesce(ranges, 5, 100)).to.deep.equal([
      { offset: 0, length: 20, members: [1, 3, 2] },
      { offset: 100, length: 55, members: [0, 4] },
      { offset: 160, length: 1000, members: [5] },
    ]);
    expect(coalesce([], 5, 100)).to.deep.equal([]);
  });

  it('gives each range its bytes back', () => {
    const bytes = patternBytes(2000);
    const ranges = [
      { offset: 500, length: 20 },
      { offset: 490, length: 5 },
      { offset: 510, length: 0 },
    ];
    const into: Buffer[] = [];
    for (const read of coalesce(ranges, 100, 1000))
      scatter(read, bytes.subarray(read.offset, read.offset + read.length), ranges, into);
    expect(into).to.deep.equal(ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
  });
});
