import { expect } from 'chai';
import {
  checkQuota,
  computedPriority,
  EVERYBODYS,
  quotaOf,
  quotasShape,
} from '../../../../proxy-server/jobs/quotas.js';
import { UsageStore } from '../../../../proxy-server/jobs/usage-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

const HOUR_MS = 3_600_000;
const none = {
  ...{ unfinished: 0, runningSecondsLast24h: 0, cpuCostLast24h: 0 },
  ...{ outputFilesLast24h: 0, outputBytesLast24h: 0 },
};

describe('proxy-server: quotas', () => {
  it("are AliEn's priorities: falling with the cores in use, 1 from the maximum on", () => {
    const quota = { ...EVERYBODYS, priority: 2, maxParallelCores: 100 };
    expect([0, 50, 99, 100, 500].map((cores) => computedPriority(quota, cores))).to.deep.equal([200, 150, 101, 1, 1]);
    expect(computedPriority({ ...quota, priority: 0.001 }, 0)).to.equal(1);
  });

  it('of a user are what everybody has, but for what differs', () => {
    const quotas = quotasShape.parse({
      default: { maxUnfinished: 10, priority: 3 },
      users: { alice: { maxUnfinished: null, maxCpuCost: 5 } },
    });
    expect(quotaOf(quotas, 'bob')).to.deep.equal({ ...EVERYBODYS, maxUnfinished: 10, priority: 3 });
    expect(quotaOf(quotas, 'alice')).to.deep.equal({ ...EVERYBODYS, maxUnfinished: null, priority: 3, maxCpuCost: 5 });
    expect(quotaOf(quotasShape.parse(undefined), '__proto__')).to.deep.equal(EVERYBODYS);
  });

  it('refuse what would be too many, and everything once time or cost is used up', () => {
    const quota = {
      ...EVERYBODYS,
      maxUnfinished: 10,
      maxRunningSeconds: 100,
      maxCpuCost: 50,
      maxOutputFiles: 3,
      maxOutputBytes: 1e9,
    };
    const check =
      (usage: typeof none, more = 1) =>
      () =>
        checkQuota('alice', more, { quota, usage });
    expect(check({ ...none, unfinished: 9 })).to.not.throw();
    expect(check(none, 11)).to.throw('11 more would be over the quota of 10');
    expect(check({ ...none, runningSecondsLast24h: 100 })).to.throw('100 core seconds in the last 24 h, of 100');
    expect(check({ ...none, cpuCostLast24h: 51 })).to.throw('a CPU cost of 51 s');
    expect(check({ ...none, outputFilesLast24h: 2, outputBytesLast24h: 1e9 - 1 })).to.not.throw();
    expect(check({ ...none, outputFilesLast24h: 3 })).to.throw('3 files of output in the last 24 h, of 3');
    expect(check({ ...none, outputBytesLast24h: 2e9 })).to.throw('2000000000 bytes of output');
  });

  it('count what ended in the last 24 hours', () => {
    const usage = new UsageStore(openStateDb(':memory:'));
    usage.add('alice', { coreSeconds: 10, cpuCost: 1 }, 0);
    usage.add('alice', { coreSeconds: 20, cpuCost: 2 }, 23 * HOUR_MS);
    usage.add('alice', { coreSeconds: 30, cpuCost: 3, outputFiles: 2, outputBytes: 500 }, 23.5 * HOUR_MS);
    usage.add('alice', { outputFiles: 1, outputBytes: 7 }, 23.5 * HOUR_MS);
    usage.add('bob', { coreSeconds: 7, cpuCost: 7 }, 23 * HOUR_MS);
    expect(usage.last24h('alice', 23.6 * HOUR_MS)).to.deep.equal({
      ...{ coreSeconds: 60, cpuCost: 6, outputFiles: 3, outputBytes: 507 },
    });
    expect(usage.last24h('alice', 25 * HOUR_MS)).to.include({ coreSeconds: 50, cpuCost: 5 });
    expect(usage.last24h('eve', 25 * HOUR_MS)).to.deep.equal({
      ...{ coreSeconds: 0, cpuCost: 0, outputFiles: 0, outputBytes: 0 },
    });
    expect(usage.users(25 * HOUR_MS)).to.deep.equal(['alice', 'bob']);
    usage.prune(23.9 * HOUR_MS);
    expect(usage.last24h('alice', 23.6 * HOUR_MS).coreSeconds).to.equal(50);
  });
});
