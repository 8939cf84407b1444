/** The pool, with real processes: pilots are kept alive, lost ones are replaced, nothing is left behind. */

import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: the pool', () => {
  let proxy: TestProxy;
  beforeEach(() => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 2 }]\n');
  });
  afterEach(() => proxy.stop());

  it('keeps the configured number of agents alive, each with a worker a core, warm before anybody asks', async () => {
    await proxy.start();
    const workers = await proxy.warm(4);
    expect(workers.map((w) => w.node.site)).to.deep.equal(['S', 'S', 'S', 'S']);
    expect(new Set(workers.map((w) => w.agentId)).size).to.equal(2);
    const [site] = await proxy.sites();
    expect(site).to.deep.include({ name: 'S', type: 'local', min: 2, workers: { warm: 4, attached: 0 } });
    expect(site?.lastDecision).to.contain('enough');
  });

  it('notices an agent that was killed, takes its workers with it, and replaces it', async () => {
    await proxy.start();
    const before = await proxy.warm(4);
    const [victim] = (await proxy.pilots()).filter((p) => p.state === 'idle');
    // One of its workers is stuck, as in a loop of user code, and cannot end by itself.
    process.kill(before.find((w) => w.agentId === victim?.agentId)!.pid!, 'SIGSTOP');
    process.kill(Number(victim!.batchId!.split('.')[0]), 'SIGKILL');
    const pilots = await proxy.until(
      () => proxy.pilots(),
      (all) => all.filter((p) => p.state === 'idle').length === 2 && all.some((p) => p.state === 'gone'),
    );
    expect(pilots.find((p) => p.state === 'gone')?.pilotId).to.equal(victim?.pilotId);
    await proxy.allGone(before.filter((w) => w.agentId === victim?.agentId).map((w) => w.pid!));
    await proxy.warm(4);
  });

  it('gives up an agent that hangs, after three missed heartbeats, and ends what is left of it', async () => {
    await proxy.start();
    const before = await proxy.warm(4);
    const [victim] = await proxy.pilots();
    const pid = Number(victim!.batchId!.split('.')[0]);
    process.kill(pid, 'SIGSTOP');
    const pilots = await proxy.until(
      () => proxy.pilots(),
      (all) => all.filter((p) => p.state === 'idle').length === 2 && all.some((p) => p.state === 'gone'),
    );
    expect(pilots.find((p) => p.state === 'gone')?.why).to.contain('silent for 6000 ms');
    await proxy.allGone([pid, ...before.filter((w) => w.agentId === victim?.agentId).map((w) => w.pid!)]);
  });

  it('replaces a worker process that dies', async () => {
    await proxy.start();
    const [victim] = await proxy.warm(4);
    process.kill(victim!.pid!, 'SIGKILL');
    await proxy.until(
      () => proxy.workers(),
      (all) => all.every((w) => w.workerId !== victim?.workerId) && all.filter((w) => w.phase === 'warm').length === 4,
    );
  });

  it('leaves no process and no scratch directory when it is stopped', async () => {
    await proxy.start();
    await proxy.warm(4);
    const pids = [proxy.pid, ...(await proxy.pids())];
    expect(pids).to.have.length(7);
    process.kill(proxy.pid, 'SIGTERM');
    await proxy.allGone(pids);
    expect(pids.filter(isAlive)).to.deep.equal([]);
    const left = readdirSync(join(proxy.stateDir, 'pilots'), { recursive: true }).map(String);
    expect(left.filter((name) => name.includes('proof-agent-'))).to.deep.equal([]);
  });

  it('takes its agents back when it was killed and starts again', async () => {
    await proxy.start();
    const before = await proxy.warm(4);
    await proxy.kill();
    expect(before.map((w) => w.pid!).filter(isAlive)).to.have.length(4);
    await proxy.start();
    const after = await proxy.warm(4);
    expect(after.map((w) => w.workerId).sort()).to.deep.equal(before.map((w) => w.workerId).sort());
    expect((await proxy.pilots()).map((p) => p.state)).to.deep.equal(['idle', 'idle']);
  });

  it('takes another port when that of last time is taken', async () => {
    await proxy.start();
    await proxy.warm(4);
    const port = Number(new URL(proxy.url).port);
    process.kill(proxy.pid, 'SIGTERM');
    await proxy.allGone([proxy.pid]);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening').catch(() => {}); // somebody else was quicker: it is taken, too
    await proxy.start();
    expect(Number(new URL(proxy.url).port)).not.to.equal(port);
    await proxy.warm(4);
    other.close();
  });

  it('keeps its files to itself, and the one-time secrets nowhere', async () => {
    await proxy.start();
    await proxy.warm(4);
    expect(statSync(proxy.stateDir).mode & 0o077).to.equal(0);
    const files = readdirSync(join(proxy.stateDir, 'pilots'), { recursive: true }).map(String);
    expect(files.filter((name) => name.endsWith('agent.json'))).to.deep.equal([]);
    for (const pid of await proxy.pids())
      if (isAlive(pid)) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.to.match(/secret|token|ticket/i);
  });
});
