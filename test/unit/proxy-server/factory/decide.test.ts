/** How many pilots a site gets, and the reason that is shown. */
import { expect } from 'chai';
import { afterFailure, allowance, NO_BACK_OFF } from '../../../../proxy-server/factory/back-off.js';
import { decide, type SiteLimits, type SiteView } from '../../../../proxy-server/factory/decide.js';

const limits: SiteLimits = { min: 2, max: 10, maxQueued: 4, maxPerCycle: 3, coresPerPilot: 2 };
const view = (more: Partial<SiteView>): SiteView => ({
  ...{ waiting: 0, serving: 0, draining: 0, workersWanted: 0, backOff: NO_BACK_OFF, banned: null, nowMs: 1_000 },
  ...more,
});
const limited = { pauseMs: 1_000, maxPauseMs: 60_000 };

describe('proxy-server: the factory', () => {
  it('sends nothing to a site that is banned, takes back what waits, and says why', () => {
    const decision = decide(limits, view({ banned: 'disks burn (olga)', waiting: 3, workersWanted: 9 }));
    expect(decision).to.deep.include({ submit: 0, cancel: 3 });
    expect(decision.because).to.contain('banned: disks burn (olga)');
  });

  it('keeps the floor whether anybody works or not', () => {
    expect(decide(limits, view({})).submit).to.equal(2);
    expect(decide(limits, view({ waiting: 1 })).submit).to.equal(1);
    expect(decide(limits, view({ serving: 2 }))).to.deep.include({ submit: 0, cancel: 0 });
  });

  it('replaces agents that drain, within max', () => {
    expect(decide(limits, view({ serving: 1, draining: 1 })).submit).to.equal(1);
    expect(decide({ ...limits, max: 2 }, view({ draining: 2 })).submit).to.equal(0);
  });

  it('follows demand above the floor, in pilots of so many cores, up to max', () => {
    expect(decide(limits, view({ serving: 2, workersWanted: 3 })).submit).to.equal(2);
    expect(
      decide({ ...limits, maxPerCycle: 50, maxQueued: 50 }, view({ serving: 2, workersWanted: 99 })).submit,
    ).to.equal(8);
  });

  it('goes up to max, and no further, for a session that takes any number', () => {
    const any = decide(
      { ...limits, maxPerCycle: 50, maxQueued: 50 },
      view({ workersWanted: Number.POSITIVE_INFINITY }),
    );
    expect(any.submit).to.equal(10);
    expect(any.because).to.contain('any number of more workers wanted');
    expect(
      decide({ ...limits, max: 2 }, view({ serving: 2, workersWanted: Number.POSITIVE_INFINITY })).submit,
    ).to.equal(0);
  });

  it('holds to maxPerCycle and maxQueued and says which of them it was', () => {
    const cycle = decide(limits, view({ serving: 2, workersWanted: 99 }));
    expect(cycle.submit).to.equal(3);
    expect(cycle.because).to.contain('limited by maxPerCycle 3');
    const queued = decide(limits, view({ waiting: 3, serving: 2, workersWanted: 99 }));
    expect(queued.submit).to.equal(1);
    expect(queued.because).to.contain('limited by maxQueued 4');
  });

  it('cancels what is on its way and not needed any more, never what serves', () => {
    expect(decide(limits, view({ serving: 2, waiting: 3 }))).to.deep.include({ submit: 0, cancel: 3 });
    expect(decide(limits, view({ serving: 5 }))).to.deep.include({ submit: 0, cancel: 0 });
  });

  it('pauses after a failure, then submits half as many for each, down to one probe at a time', () => {
    let backOff = afterFailure(NO_BACK_OFF, 'no such queue', 1_000, limited);
    expect(decide(limits, view({ backOff })).submit).to.equal(0);
    expect(decide(limits, view({ backOff })).because)
      .to.contain('no such queue')
      .and.to.contain('paused until');
    expect(allowance(backOff, 8, 0, 2_000)).to.equal(4);
    backOff = afterFailure(backOff, 'no such queue', 2_000, limited);
    expect(backOff.until).to.equal(4_000);
    expect(allowance(backOff, 8, 0, 4_000)).to.equal(2);
    for (let i = 0; i < 40; i++) backOff = afterFailure(backOff, 'no such queue', 4_000, limited);
    expect(backOff.until).to.equal(64_000);
    expect(allowance(backOff, 8, 0, 64_000)).to.equal(1);
    expect(allowance(backOff, 8, 1, 64_000)).to.equal(0);
  });
});
