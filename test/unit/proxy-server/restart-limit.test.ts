import { expect } from 'chai';
import { restartAt } from '../../../proxy-server/restart-limit.js';

describe('proxy-server: restart limit', () => {
  it('allows so many in the time, and again when that has passed', () => {
    const limit = { most: 2, withinMs: 100 };
    const once = restartAt(0, [], limit)!;
    const twice = restartAt(50, once, limit)!;
    expect(restartAt(99, twice, limit)).to.equal(undefined);
    expect(restartAt(100, twice, limit)).to.deep.equal([50, 100]);
    expect(restartAt(0, [], { most: 0, withinMs: 100 })).to.equal(undefined);
  });
});
