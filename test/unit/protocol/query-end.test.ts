import { expect } from 'chai';
import { endStatus, nothingRead, tooManyFailures } from '../../../protocol/query-end.js';

const counts = (done: number, failed: number, missing: number | null) => ({
  total: missing === null ? null : done + failed + missing,
  done,
  failed,
  missing,
});

describe('protocol: end of a query', () => {
  it('is complete only if nothing failed and nothing is missing, and failed if nothing was done', () => {
    expect(endStatus(counts(10, 0, 0), 0)).to.equal('completed');
    expect(endStatus(counts(0, 0, 0), 0)).to.equal('completed');
    expect(endStatus(counts(10, 0, 0), 1)).to.equal('incomplete');
    expect(endStatus(counts(10, 0, null), 1)).to.equal('incomplete');
    expect(endStatus(counts(9, 1, 0), 0)).to.equal('incomplete');
    expect(endStatus(counts(9, 0, 1), 1)).to.equal('incomplete');
    expect(endStatus(counts(0, 10, 0), 0)).to.equal('failed');
    expect(endStatus(counts(0, 0, 0), 1)).to.equal('failed');
    expect(endStatus(counts(0, 0, null), 1)).to.equal('failed');
  });

  it('is told with the first file or entry that went wrong', () => {
    const files = [1, 2, 3].map((n) => ({ file: `${n}.root`, error: 'it is gone.' }));
    expect(nothingRead(files)).to.equal('Nothing could be read: 1.root: it is gone. (and 2 more files)');
    expect(nothingRead(files.slice(0, 1))).to.equal('Nothing could be read: 1.root: it is gone.');
    expect(tooManyFailures(3, 2, { file: 'a.root', entry: 7, error: 'no' })).to.equal(
      '3 entries failed, more than the 2 that this query allows (--max-failures). The first: a.root, entry 7: no',
    );
  });
});
