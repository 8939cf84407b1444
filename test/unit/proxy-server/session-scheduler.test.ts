/** Fair shares of whole workers, and what is done to reach them. */
import { expect } from 'chai';
import { fairShares, type SchedulerSession, schedule } from '../../../proxy-server/session-scheduler.js';

const session = (sessionId: string, user: string, more: Partial<SchedulerSession> = {}): SchedulerSession => ({
  ...{ sessionId, user, wanted: null, held: 0, leaving: 0 },
  ...more,
});
const shares = (total: number, ...sessions: SchedulerSession[]): Record<string, number> =>
  Object.fromEntries(fairShares(total, sessions));
const free = (n: number): string[] => Array.from({ length: n }, (_, i) => `w${i}`);

describe('proxy-server: session scheduler', () => {
  it('gives a lone session all, or what it asked for', () => {
    expect(shares(8, session('s1', 'anna'))).to.deep.equal({ s1: 8 });
    expect(shares(8, session('s1', 'anna', { wanted: 3 }))).to.deep.equal({ s1: 3 });
  });

  it('shares between users first, then between the sessions of one user', () => {
    expect(shares(8, session('s1', 'anna'), session('s2', 'anna'), session('s3', 'bert'))).to.deep.equal({
      s1: 2,
      s2: 2,
      s3: 4,
    });
  });

  it('gives what one does not want to the others', () => {
    expect(shares(8, session('s1', 'anna', { wanted: 1 }), session('s2', 'bert'), session('s3', 'carl'))).to.deep.equal(
      {
        s1: 1,
        s2: 4,
        s3: 3,
      },
    );
    expect(shares(8, session('s1', 'anna', { wanted: 0 }), session('s2', 'bert'))).to.deep.equal({ s1: 0, s2: 8 });
  });

  it('leaves the odd worker with the session that has it', () => {
    expect(shares(5, session('s1', 'anna', { held: 2 }), session('s2', 'bert', { held: 3 }))).to.deep.equal({
      s1: 2,
      s2: 3,
    });
    expect(shares(5, session('s1', 'anna', { held: 3 }), session('s2', 'bert', { held: 2 }))).to.deep.equal({
      s1: 3,
      s2: 2,
    });
  });

  it('gives each of many sessions its turn when there are fewer workers than users', () => {
    expect(shares(1, session('s1', 'anna', { held: 1 }), session('s2', 'bert'))).to.deep.equal({ s1: 1, s2: 0 });
  });

  it('attaches free workers, the best first, up to the share', () => {
    const plan = schedule({ free: free(3), starting: 0, sessions: [session('s1', 'anna', { wanted: 2 })] });
    expect(plan.attach).to.deep.equal([
      { workerId: 'w0', sessionId: 's1' },
      { workerId: 'w1', sessionId: 's1' },
    ]);
    expect(plan.letGo).to.deep.equal([]);
  });

  it('asks a session that is above its share for workers when another is below it and none is free', () => {
    const sessions = [session('s1', 'anna', { held: 8 }), session('s2', 'bert')];
    expect(schedule({ free: [], starting: 0, sessions }).letGo).to.deep.equal([{ sessionId: 's1', n: 4 }]);
  });

  it('does not ask twice, nor for what will be free by itself', () => {
    const asked = [session('s1', 'anna', { held: 8, leaving: 4 }), session('s2', 'bert')];
    expect(schedule({ free: [], starting: 0, sessions: asked }).letGo).to.deep.equal([]);
    const starting = [session('s1', 'anna', { held: 4 }), session('s2', 'bert')];
    expect(schedule({ free: [], starting: 4, sessions: starting }).letGo).to.deep.equal([]);
  });

  it('takes nothing back while nobody else is short', () => {
    const sessions = [session('s1', 'anna', { held: 8 }), session('s2', 'bert', { wanted: 0 })];
    expect(schedule({ free: [], starting: 0, sessions }).letGo).to.deep.equal([]);
  });

  it('promises shares over workers that are still starting', () => {
    const plan = schedule({ free: [], starting: 4, sessions: [session('s1', 'anna')] });
    expect(plan.shares.get('s1')).to.equal(4);
    expect(plan.attach).to.deep.equal([]);
  });

  it('says how many workers are wanted beyond all that there are', () => {
    const sessions = [session('s1', 'anna', { wanted: 10, held: 4 })];
    expect(schedule({ free: [], starting: 0, sessions }).unmet).to.equal(6);
    const any = [session('s1', 'anna', { held: 4 })];
    expect(schedule({ free: [], starting: 0, sessions: any }).unmet).to.equal(Number.POSITIVE_INFINITY);
    expect(schedule({ free: free(2), starting: 0, sessions: [] }).unmet).to.equal(0);
  });

  it('comes to rest: carrying out its plans leads to shares that it leaves alone', () => {
    // Deterministic random walk over pools: after at most one exchange nothing is asked for any more.
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % n;
    };
    for (let round = 0; round < 500; round++) {
      let sessions = Array.from({ length: 1 + random(5) }, (_, i) =>
        session(`s${i}`, `u${random(3)}`, { wanted: random(3) === 0 ? random(6) : null, held: random(5) }),
      );
      let pool = free(random(8));
      for (let step = 0; step < 4; step++) {
        const plan = schedule({ free: pool, starting: 0, sessions });
        const given = (id: string): number => plan.attach.filter((a) => a.sessionId === id).length;
        const asked = (id: string): number => plan.letGo.find((l) => l.sessionId === id)?.n ?? 0;
        const back = plan.letGo.reduce((n, l) => n + l.n, 0);
        sessions = sessions.map((s) => ({ ...s, held: s.held + given(s.sessionId) - asked(s.sessionId) }));
        pool = [...pool.slice(plan.attach.length), ...Array.from({ length: back }, (_, i) => `r${round}.${step}.${i}`)];
      }
      const last = schedule({ free: pool, starting: 0, sessions });
      expect(last.attach, `round ${round}`).to.deep.equal([]);
      expect(last.letGo, `round ${round}`).to.deep.equal([]);
    }
  });
});
