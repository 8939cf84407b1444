import { expect } from 'chai';
import { nearQuota, pastQuota } from '../../../proxy-server/result-quota.js';

const kept = (query: string, endedAt: number, bytes = 10, isArchived = false) => ({
  query,
  endedAt,
  bytes,
  isArchived,
});
const names = (results: readonly { query: string }[]): string[] => results.map(({ query }) => query);

describe('proxy-server: quota of results', () => {
  it('lets the oldest go first, of those that were archived first', () => {
    const all = [kept('new', 4), kept('old', 1), kept('archived', 3, 10, true), kept('older', 0)];
    expect(names(pastQuota(all, { maxQueries: 4, maxBytes: 40 }))).to.deep.equal([]);
    expect(names(pastQuota(all, { maxQueries: 3, maxBytes: 40 }))).to.deep.equal(['archived']);
    expect(names(pastQuota(all, { maxQueries: 9, maxBytes: 15 }))).to.deep.equal(['archived', 'older', 'old']);
  });

  it('is announced before it bites', () => {
    const all = [kept('a', 1), kept('b', 2)];
    expect(nearQuota(all, { maxQueries: 4, maxBytes: 1000 })).to.equal(undefined);
    expect(nearQuota(all, { maxQueries: 2, maxBytes: 1000 })).to.contain('2 of 2 results');
    expect(nearQuota(all, { maxQueries: 9, maxBytes: 21 })).to.contain('proof archive');
  });
});
