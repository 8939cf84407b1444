import { expect } from 'chai';
import { createLogger } from '../../../../protocol/log.js';
import { BarStore } from '../../../../proxy-server/jobs/bar-store.js';
import { FailureRates } from '../../../../proxy-server/jobs/failure-rates.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

describe('proxy-server: nodes that fail everything', () => {
  const log = createLogger({ program: 'test', level: 'error', file: null, terminal: false });
  let rates: FailureRates;
  let bars: BarStore;
  let nowMs = 0;
  let jobId = 0;
  beforeEach(() => {
    bars = new BarStore(openStateDb(':memory:'), log);
    rates = new FailureRates(bars);
    nowMs = 1_000_000;
    jobId = 0;
  });
  const ends = (host: string, isFailure: boolean, more: { user?: string; site?: string; wallSeconds?: number } = {}) =>
    rates.add({
      ...{ jobId: ++jobId, host, isFailure, atMs: ++nowMs },
      ...{ user: more.user ?? 'alice', site: more.site ?? 'S', wallSeconds: more.wallSeconds ?? 1 },
    });
  const times = (n: number, run: () => unknown): void => {
    for (let i = 0; i < n; i++) run();
  };
  const isBarred = (host: string, site = 'S'): boolean => rates.barOf({ host, site }, nowMs) !== undefined;

  it('get no more jobs where the others do well, and the jobs that failed are named', () => {
    times(3, () => ends('good', false));
    times(4, () => ends('bad', true));
    expect(isBarred('bad')).to.equal(false);
    const [bar] = ends('bad', true);
    expect(bar).to.include({ kind: 'node', name: 'bad' });
    expect(bar!.jobIds).to.deep.equal([4, 5, 6, 7, 8]);
    expect(bar!.why).to.match(/the last 5 on this node failed within 60 s, 0 of 3 failed elsewhere/);
    expect(isBarred('bad')).to.equal(true);
    expect(isBarred('good')).to.equal(false);
  });

  it('stay barred over a restart, and for twice as long the next time, until a run goes well there', () => {
    times(3, () => ends('good', false));
    times(5, () => ends('bad', true));
    const { until, why } = rates.barOf({ host: 'bad', site: 'S' }, nowMs)!;
    rates = new FailureRates(bars);
    expect(rates.barOf({ host: 'bad', site: 'S' }, nowMs)).to.deep.include({ kind: 'node', name: 'bad', until, why });
    expect(isBarred('good')).to.equal(false);

    nowMs = until + 1;
    expect(isBarred('bad')).to.equal(false);
    times(3, () => ends('good', false));
    times(5, () => ends('bad', true));
    expect(rates.barOf({ host: 'bad', site: 'S' }, nowMs)!.until - nowMs).to.equal(600_000);

    ends('bad', false);
    nowMs += 700_000;
    rates = new FailureRates(bars);
    times(3, () => ends('good', false));
    times(5, () => ends('bad', true));
    expect(rates.barOf({ host: 'bad', site: 'S' }, nowMs)!.until - nowMs).to.equal(300_000);
  });

  it('are judged by the first good runs of the others, if they failed a queue before there were any', () => {
    times(8, () => ends('bad', true));
    times(2, () => ends('good', false));
    expect(isBarred('bad')).to.equal(false);
    const [bar] = ends('good', false);
    expect(bar!.jobIds).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(isBarred('bad')).to.equal(true);
    expect(ends('good', false)).to.deep.equal([]);
  });

  it('are to blame for what they had been given before they were barred, too', () => {
    times(3, () => ends('good', false));
    times(5, () => ends('bad', true));
    const [late] = ends('bad', true);
    expect(late).to.include({ kind: 'node', name: 'bad', isKnown: true });
    expect(late!.jobIds).to.deep.equal([9]);
    expect(ends('bad', true, { wallSeconds: 600 }), 'it ran for long').to.deep.equal([]);
  });

  it('are not taken for what a user’s own program does', () => {
    times(5, () => ends('a', true));
    times(5, () => ends('b', true));
    times(5, () => ends('b', false, { user: 'bob' }));
    times(5, () => ends('a', true));
    expect(isBarred('a')).to.equal(false);
    times(6, () => ends('b', true, { wallSeconds: 600 }));
    expect(isBarred('b')).to.equal(false);
  });

  it('are known by the failures of several users even where nothing ran elsewhere', () => {
    for (const user of ['u', 'v', 'u', 'w', 'u']) ends('only', true, { user });
    expect(isBarred('only')).to.equal(true);
  });

  it('stay away longer each time until something goes well there', () => {
    times(3, () => ends('good', false));
    times(5, () => ends('bad', true));
    nowMs += 301_000;
    expect(isBarred('bad')).to.equal(false);
    ends('bad', true);
    nowMs += 301_000;
    expect(isBarred('bad')).to.equal(true);
    nowMs += 300_000;
    expect(isBarred('bad')).to.equal(false);
    ends('bad', false);
    times(5, () => ends('bad', true));
    nowMs += 301_000;
    expect(isBarred('bad')).to.equal(false);
  });

  it('may be a whole site, judged by several of its nodes', () => {
    times(3, () => ends('good', false, { site: 'T' }));
    for (const host of ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd', 'a', 'b']) ends(host, true);
    expect(isBarred('e')).to.equal(true);
    expect(rates.barOf({ host: 'a', site: 'S' }, nowMs)?.kind).to.equal('site');
    expect(isBarred('good', 'T')).to.equal(false);
  });
});
