/** How many pilots a site gets, and the reason that is shown. */
import { expect } from 'chai';
import { afterFailure, allowance, NO_BACK_OFF } from '../../../../proxy-server/factory/back-off.js';
import { decide, type SiteLimits, type SiteView } from '../../../../proxy-server/factory/decide.js';
import { NO_DEMAND, type SiteDemand } from '../../../../proxy-server/factory/demand.js';

const limits: SiteLimits = { min: 2, max: 10, maxQueued: 4, maxPerCycle: 3, coresPerPilot: 2, letGoIdleS: 600 };
const view = (more: Partial<SiteView>): SiteView => ({
  ...{
    waiting: 0,
    byHand: 0,
    waitingNote: '',
    serving: 0,
    draining: 0,
    idleLong: 0,
    demand: NO_DEMAND,
    backOff: NO_BACK_OFF,
    banned: null,
    nowMs: 1_000,
  },
  ...more,
});
const wanting = (more: number): SiteDemand => ({ more, kept: 0, because: [`${more} for sessions`] });
const limited = { pauseMs: 1_000, maxPauseMs: 60_000 };

describe('proxy-server: the factory', () => {
  it('sends nothing to a site that is banned, takes back what waits, and says why', () => {
    const decision = decide(limits, view({ banned: 'disks burn (olga)', waiting: 3, demand: wanting(9) }));
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
    expect(decide(limits, view({ serving: 2, demand: wanting(3) })).submit).to.equal(2);
    expect(
      decide({ ...limits, maxPerCycle: 50, maxQueued: 50 }, view({ serving: 2, demand: wanting(99) })).submit,
    ).to.equal(8);
  });

  it('goes up to max, and no further, for a session that takes any number', () => {
    const any = decide(
      { ...limits, maxPerCycle: 50, maxQueued: 50 },
      view({ demand: wanting(Number.POSITIVE_INFINITY) }),
    );
    expect(any.submit).to.equal(10);
    expect(any.because).to.contain('cores wanted: Infinity for sessions');
    expect(
      decide({ ...limits, max: 2 }, view({ serving: 2, demand: wanting(Number.POSITIVE_INFINITY) })).submit,
    ).to.equal(0);
  });

  it('holds to maxPerCycle and maxQueued and says which of them it was', () => {
    const cycle = decide(limits, view({ serving: 2, demand: wanting(99) }));
    expect(cycle.submit).to.equal(3);
    expect(cycle.because).to.contain('limited by maxPerCycle 3');
    const queued = decide(limits, view({ waiting: 3, serving: 2, demand: wanting(99) }));
    expect(queued.submit).to.equal(1);
    expect(queued.because).to.contain('limited by maxQueued 4');
  });

  it('cancels what is on its way and not needed any more, never what serves', () => {
    expect(decide(limits, view({ serving: 2, waiting: 3 }))).to.deep.include({ submit: 0, cancel: 3 });
    expect(decide(limits, view({ serving: 5 }))).to.deep.include({ submit: 0, cancel: 0 });
  });

  it('leaves pilots that a person asked for on their way, and counts them for what is wanted', () => {
    expect(decide(limits, view({ serving: 2, waiting: 4, byHand: 3 }))).to.include({ submit: 0, cancel: 1 });
    expect(decide(limits, view({ serving: 2, waiting: 3, byHand: 3, demand: wanting(6) }))).to.include({
      submit: 0,
      cancel: 0,
    });
  });
  it('lets agents go that were idle for long: down to the floor, never while cores are wanted or kept', () => {
    expect(decide(limits, view({ serving: 5, idleLong: 5 }))).to.deep.include({ letGo: 3, submit: 0, cancel: 0 });
    expect(decide(limits, view({ serving: 5, idleLong: 1 })).letGo).to.equal(1);
    expect(decide(limits, view({ serving: 5, idleLong: 5, demand: wanting(1) })).letGo).to.equal(0);
    const kept = { more: 0, kept: 8, because: [] };
    expect(decide(limits, view({ serving: 5, idleLong: 5, demand: kept })).letGo).to.equal(1);
  });

  it('cancels what is queued before it lets anybody go', () => {
    expect(decide(limits, view({ serving: 3, waiting: 2, idleLong: 3 }))).to.deep.include({ cancel: 2, letGo: 0 });
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
