/** Who is asked for the cores that are wanted: no site twice for the same, the preferred ones first. */
import { expect } from 'chai';
import { type SiteRoom, shareDemand, type Wish } from '../../../../proxy-server/factory/demand.js';

const room = (name: string, more: Partial<SiteRoom> = {}): SiteRoom => ({
  ...{ name, coresPerPilot: 1, waiting: 0, serving: 0, addable: 10, isPaused: false },
  ...more,
});
const wish = (cores: number, tiers: string[][], more: Partial<Wish> = {}): Wish => ({
  ...{ who: 'for sessions', cores, tiers, isStanding: false },
  ...more,
});
const asked = (wishes: Wish[], sites: SiteRoom[]): Record<string, number> =>
  Object.fromEntries([...shareDemand(wishes, sites)].map(([name, { more }]) => [name, more]));

describe('proxy-server: demand', () => {
  it('is asked of one site where one has room, not of each', () => {
    expect(asked([wish(4, [['A', 'B']])], [room('A'), room('B')])).to.deep.equal({ A: 4, B: 0 });
    expect(asked([wish(14, [['A', 'B']])], [room('A'), room('B')])).to.deep.equal({ A: 10, B: 4 });
  });

  it('takes pilots that are on their way first, wherever they are', () => {
    expect(asked([wish(4, [['A', 'B']])], [room('A'), room('B', { waiting: 3 })])).to.deep.equal({ A: 1, B: 3 });
  });

  it('asks every site for all it may have where any number is wanted', () => {
    const any = shareDemand([wish(Number.POSITIVE_INFINITY, [['A', 'B']])], [room('A'), room('B')]);
    expect([...any].map(([, { more }]) => more)).to.deep.equal([10, 10]);
    expect(any.get('A')?.because).to.deep.equal(['any number of for sessions']);
  });

  it('leaves out a site that pauses, unless no other will do', () => {
    const sites = [room('A', { isPaused: true }), room('B')];
    expect(asked([wish(4, [['A', 'B']])], sites)).to.deep.equal({ A: 0, B: 4 });
    expect(asked([wish(4, [['A']])], sites)).to.deep.equal({ A: 4, B: 0 });
  });

  it('goes to the next tier when the first is full, and counts and keeps what serves for a standing wish', () => {
    const sites = [room('A', { addable: 2, serving: 3 }), room('B', { serving: 1 })];
    const shared = shareDemand([wish(8, [['A'], ['B']], { isStanding: true })], sites);
    expect(shared.get('A')).to.deep.include({ more: 2, kept: 3 });
    expect(shared.get('B')).to.deep.include({ more: 2, kept: 1 });
  });

  it('gives what is over in a whole pilot to the next wish', () => {
    const sites = [room('A', { coresPerPilot: 8, addable: 1 })];
    expect(asked([wish(3, [['A']]), wish(9, [['A']])], sites)).to.deep.equal({ A: 8 });
  });
});
