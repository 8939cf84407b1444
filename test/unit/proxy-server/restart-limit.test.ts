import { expect } from 'chai';
import { restartAt, restartPause } from '../../../proxy-server/restart-limit.js';

describe('proxy-server: restart limit', () => {
  it('allows so many in the time, and again when that has passed', () => {
    const limit = { most: 2, withinMs: 100 };
    const once = restartAt(0, [], limit)!;
    const twice = restartAt(50, once, limit)!;
    expect(restartAt(99, twice, limit)).to.equal(undefined);
    expect(restartAt(100, twice, limit)).to.deep.equal([50, 100]);
    expect(restartAt(0, [], { most: 0, withinMs: 100 })).to.equal(undefined);
  });

  it('lets each restart that still counts double the pause, up to the longest', () => {
    const pauses = [1, 2, 3, 7, 8, 1000].map((n) => restartPause(n, { firstMs: 500, longestMs: 60_000 }));
    expect(pauses).to.deep.equal([500, 1000, 2000, 32_000, 60_000, 60_000]);
  });
});
