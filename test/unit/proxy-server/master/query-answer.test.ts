import { expect } from 'chai';
import { failureOf, finalCounts, timingOf } from '../../../../proxy-server/master/query-answer.js';

describe('proxy-server: answer of a query', () => {
  it('counts what was not tried as missing', () => {
    expect(finalCounts({ total: 100, done: 20, failed: 5, missing: 1 })).to.deep.equal({
      total: 100,
      done: 20,
      failed: 5,
      missing: 75,
    });
  });

  it('says why nothing was done: the first failure, or the first file', () => {
    const files = [1, 2, 3].map((n) => ({ file: `${n}.root`, error: 'it is gone.' }));
    expect(failureOf(files, undefined)).to.include({
      code: 'MASTER_NOTHING_READ',
      message: 'Nothing could be read: 1.root: it is gone. (and 2 more files)',
    });
    const failure = { file: 'a.root', first: 0, end: 1, entry: 0, attempts: 3, error: 'no', stack: 'at z.ts:1' };
    expect(failureOf([], failure)).to.include({ code: 'MASTER_NOTHING_DONE', stack: 'at z.ts:1' });
  });

  it('times look-up and processing apart', () => {
    expect(timingOf({ start: 100, processing: 150 }, 400, 7)).to.deep.equal({
      openMs: 0,
      lookupMs: 50,
      processMs: 250,
      mergeMs: 7,
      totalMs: 300,
    });
    expect(timingOf({ start: 100, processing: null }, 400, 0)).to.include({ lookupMs: 300, processMs: 0 });
  });
});
