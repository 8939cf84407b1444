/** Sessions, with real masters and workers: shares of two users, fresh workers, crashes of either side. */
import { expect } from 'chai';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: sessions', () => {
  let proxy: TestProxy;
  beforeEach(async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 2 }]\n');
    await proxy.start();
    await proxy.warm(4);
  });
  afterEach(() => proxy.stop());

  const ready = (session: { workers(): { expected: number; ready: number } }, n: number): Promise<unknown> =>
    proxy.until(session.workers, (counts) => counts.ready === n && counts.expected === n);

  it('gives a lone session all workers, and fresh ones to the next', async () => {
    const first = await proxy.openSession('anna');
    await ready(first, 4);
    const held = await proxy.workers();
    expect(held.map((w) => [w.sessionId, w.user])).to.deep.equal(Array(4).fill([first.sessionId, 'anna']));
    await first.close();
    const fresh = await proxy.warm(4);
    const used = new Set(held.map((w) => w.pid));
    expect(fresh.filter((w) => used.has(w.pid))).to.deep.equal([]);
    const second = await proxy.openSession('anna');
    await ready(second, 4);
  });

  it('shares the pool between two users, and gives all back to the one that stays', async () => {
    const anna = await proxy.openSession('anna');
    await ready(anna, 4);
    const bert = await proxy.openSession('bert');
    await Promise.all([ready(anna, 2), ready(bert, 2)]);
    const users = (await proxy.workers()).map((w) => w.user).sort();
    expect(users).to.deep.equal(['anna', 'anna', 'bert', 'bert']);
    await anna.close();
    await ready(bert, 4);
  });

  it('gives a session no more workers than it asked for', async () => {
    const anna = await proxy.openSession('anna', 1);
    const bert = await proxy.openSession('bert');
    await Promise.all([ready(anna, 1), ready(bert, 3)]);
  });

  it('replaces a worker of a session that dies', async () => {
    const session = await proxy.openSession('anna');
    await ready(session, 4);
    const [victim] = await proxy.workers();
    const before = session.told.length;
    process.kill(victim!.pid!, 'SIGKILL');
    const since = await proxy.until(
      () => session.told.slice(before),
      (told) => told.some((counts) => counts.ready < 4) && told.at(-1)!.ready === 4,
    );
    expect(since.at(-1)).to.include({ expected: 4, ready: 4 });
    expect((await proxy.workers()).map(({ pid }) => pid)).not.to.include(victim!.pid);
  });

  it('lets the workers of an agent go whose slot is about to end, and takes those of the next', async () => {
    const short = new TestProxy(
      'sites: [{ name: S, type: local, min: 1, max: 2, cores: 1, ttlS: 90, drainBeforeEndS: 70 }]\n',
    );
    try {
      await short.start();
      const [first] = await short.warm(1);
      const session = await short.openSession('anna');
      await short.until(session.workers, (counts) => counts.ready === 1);
      await short.until(
        () => short.workers(),
        (all) => all.some((w) => w.agentId !== first?.agentId && w.sessionId === session.sessionId),
      );
      await short.allGone([first!.pid!]);
      const [drained] = await short.until(
        () => short.pilots(),
        ([p]) => p?.state === 'gone',
      );
      expect(drained?.why).to.contain('the batch slot is about to end');
    } finally {
      await short.stop();
    }
  });

  it('has workers started for a session where none are kept ahead, up to max', async () => {
    const bare = new TestProxy('sites: [{ name: S, type: local, min: 0, max: 2, cores: 1 }]\n');
    try {
      await bare.start();
      const session = await bare.openSession('anna');
      await bare.until(session.workers, (counts) => counts.ready === 2);
      const states = async (): Promise<string[]> => (await bare.pilots()).map((p) => p.state);
      await bare.until(states, (all) => all.join() === 'interactive,interactive');
    } finally {
      await bare.stop();
    }
  });

  it('goes on with its sessions after it was killed and started again', async () => {
    const session = await proxy.openSession('anna');
    await ready(session, 4);
    await proxy.kill();
    await proxy.start();
    const [open] = await proxy.until(
      () => proxy.openSessions(),
      (all) => all.some((s) => s.state === 'running' && s.workers === 4),
    );
    expect(open?.sessionId).to.equal(session.sessionId);
    const again = await proxy.attach('anna', session.sessionId);
    await ready(again, 4);
    await again.close();
  });

  it('is not outlived for ever: masters, agents and workers that are left alone end by themselves', async () => {
    const brief = new TestProxy('orphanedAfterS: 1\nsites: [{ name: S, type: local, min: 1, cores: 1 }]\n');
    try {
      await brief.start();
      await brief.warm(1);
      const session = await brief.openSession('anna');
      await brief.until(session.workers, (counts) => counts.ready === 1);
      const pids = [Number(session.sessionId.split('-').at(-1)), ...(await brief.pids())];
      await brief.kill();
      await brief.allGone(pids);
    } finally {
      await brief.stop();
    }
  });

  it('starts a master that was killed again, under the same name and with the same workers, until it dies too often', async () => {
    const often = new TestProxy('sites: [{ name: S, type: local, min: 1, cores: 2 }]\nmasterRestarts: 1\n');
    try {
      await often.start();
      await often.warm(2);
      const session = await often.openSession('anna');
      await often.until(session.workers, (counts) => counts.ready === 2);
      const held = (await often.workers()).map((w) => w.workerId).sort();
      const first = often.masterPid(session.sessionId);
      process.kill(first, 'SIGKILL');
      await often.until(
        async () => ({ pid: often.masterPid(session.sessionId), state: (await often.openSessions())[0]?.state }),
        ({ pid, state }) => pid !== first && state === 'running',
      );
      const again = await often.attach('anna', session.sessionId);
      await often.until(again.workers, (counts) => counts.ready === 2);
      expect((await often.workers()).map((w) => w.workerId).sort()).to.deep.equal(held);
      process.kill(often.masterPid(session.sessionId), 'SIGKILL');
      await often.until(
        () => often.openSessions(),
        ([s]) => s?.state === 'ended',
      );
      const answer = await fetch(`${often.url}/v1/sessions/${session.sessionId}`, { method: 'DELETE' });
      expect(await answer.json())
        .to.have.property('message')
        .that.matches(/started again 1 times in 600 s/);
      await often.warm(2);
    } finally {
      await often.stop();
    }
  });

  it('ends all masters when it is stopped', async () => {
    const sessions = [await proxy.openSession('anna'), await proxy.openSession('bert')];
    const masters = sessions.map((s) => Number(s.sessionId.split('-').at(-1)));
    const pids = [proxy.pid, ...masters, ...(await proxy.pids())];
    process.kill(proxy.pid, 'SIGTERM');
    await proxy.allGone(pids);
  });

  it('lets nobody into the session of another', async () => {
    const { sessionId } = await proxy.openSession('anna');
    const answer = await fetch(`${proxy.url}/v1/sessions/${sessionId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${await proxy.token('bert')}` },
    });
    expect(answer.status).to.equal(403);
    const stranger = await fetch(`${proxy.url}/v1/sessions`, { headers: { authorization: 'Bearer nonsense' } });
    expect(stranger.status).to.equal(401);
  });
});
