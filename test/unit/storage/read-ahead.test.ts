/** Reading ahead: what is fetched once is not fetched twice, and what failed is simply read again. */
import { expect } from 'chai';
import type { ByteRange } from '../../../storage/byte-source.js';
import { MAX_AHEAD_BYTES, ReadAhead } from '../../../storage/read-ahead.js';
import { patternBytes } from '../../support/pattern.js';

const BYTES = patternBytes(10_000);

describe('storage: reading ahead', () => {
  const fetched: ByteRange[][] = [];
  const ahead = (): ReadAhead => {
    fetched.length = 0;
    return new ReadAhead(async (ranges) => {
      fetched.push([...ranges]);
      return ranges.map(({ offset, length }) => BYTES.subarray(offset, offset + length));
    });
  };

  it('gives a range, or a part of one, from what is on its way', async () => {
    const reader = ahead();
    reader.want([
      { offset: 5000, length: 100 },
      { offset: 0, length: 100 },
    ]);
    reader.want([{ offset: 5000, length: 100 }]);
    expect(fetched).to.deep.equal([
      [
        { offset: 0, length: 100 },
        { offset: 5000, length: 100 },
      ],
    ]);
    expect(await reader.take({ offset: 5010, length: 20 })).to.deep.equal(BYTES.subarray(5010, 5030));
    expect(await reader.take({ offset: 5030, length: 70 })).to.deep.equal(BYTES.subarray(5030, 5100));
    expect(await reader.take({ offset: 0, length: 100 })).to.deep.equal(BYTES.subarray(0, 100));
    expect(reader.take({ offset: 90, length: 20 })).to.equal(undefined);
  });

  it('keeps the newest batches within the budget', () => {
    const reader = ahead();
    for (let i = 0; i < 6; i++) reader.want([{ offset: 1000 * i, length: 10 }]);
    expect(reader.take({ offset: 0, length: 10 })).to.equal(undefined);
    expect(reader.take({ offset: 5000, length: 10 })).to.not.equal(undefined);
    reader.want([{ offset: 0, length: MAX_AHEAD_BYTES + 1 }]);
    expect(reader.take({ offset: 0, length: 10 })).to.equal(undefined);
  });

  it('says that a fetch failed by giving nothing', async () => {
    const reader = new ReadAhead(() => Promise.reject(new Error('no network')));
    reader.want([{ offset: 0, length: 10 }]);
    expect(await reader.take({ offset: 0, length: 10 })).to.equal(undefined);
  });
});
