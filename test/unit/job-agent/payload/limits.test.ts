import { expect } from 'chai';
import { limitReached } from '../../../../job-agent/payload/limits.js';

const limits = { ttlSeconds: 10, cores: 2, memoryBytes: 100 * 2 ** 20, diskBytes: 50 * 2 ** 20 };
const usage = { wallSeconds: 10, cpuSeconds: 20, memoryBytes: 100 * 2 ** 20, diskBytes: 50 * 2 ** 20 };

describe('job-agent: limits of a payload', () => {
  it('are kept up to the last bit, and named when they are passed', () => {
    expect(limitReached(usage, limits)).to.equal(undefined);
    const passed = (more: Partial<typeof usage>): string | undefined =>
      limitReached({ ...usage, ...more }, limits)?.why;
    expect(passed({ wallSeconds: 10.1 })).to.contain('TTL of 10 s');
    expect(passed({ cpuSeconds: 20.1 })).to.contain('CPU time than 20 s');
    expect(passed({ memoryBytes: 200 * 2 ** 20 })).to.contain('200 MB of memory');
    expect(passed({ diskBytes: 51 * 2 ** 20 })).to.contain('WorkDirectorySize of 50 MB');
  });
});
