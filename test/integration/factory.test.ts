/** The factory with real agents: it follows jobs, lets idle agents go, drains slots before their end, and is not confused by crashes. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { z } from 'zod';
import { jobInfo, submittedJob } from '../../protocol/job-messages.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: the factory', () => {
  let proxy: TestProxy;
  afterEach(() => proxy.stop());

  const start = (site: string): Promise<TestProxy> => {
    proxy = new TestProxy(`sites: [{ name: S, type: local, ${site} }]\nfactoryTickS: 1\n`);
    return proxy.start();
  };
  const submit = async (jdl: string): Promise<number> => {
    const body = JSON.stringify({ jdl, args: [] });
    return (await proxy.call(submittedJob, '/jobs', { method: 'POST', body, user: 'alice' })).jobId;
  };
  const states = async (): Promise<string[]> => (await proxy.pilots()).map(({ state }) => state);
  const living = async (): Promise<number> => (await states()).filter((state) => state !== 'gone').length;
  /** Told by the agent, or by the batch system if that was faster. */
  const reasons = async (): Promise<(string | undefined)[]> =>
    (await proxy.pilots()).map(({ why }) => why?.replace(/^agent \S+ left: | \(.*\)$/g, ''));
  const decision = async (): Promise<string> => (await proxy.sites())[0]!.lastDecision;

  it('starts agents for jobs that wait and would match there, for no others, and lets them go when they are idle', async () => {
    await start('min: 0, max: 3, cores: 1, letGoIdleS: 1');
    const go = join(proxy.folder, 'go');
    const program = join(proxy.folder, 'wait.sh');
    writeFileSync(program, `#!/bin/sh\nwhile [ ! -e ${go} ]; do sleep 0.1; done\n`);
    chmodSync(program, 0o700);
    await submit(`Executable = "${program}"; Requirements = other.Site == "ELSEWHERE";`);
    await proxy.until(decision, (text) => text.includes('enough'));
    expect(await living()).to.equal(0);
    const ids = [await submit(`Executable = "${program}";`), await submit(`Executable = "${program}";`)];
    const jobs = () => proxy.call(z.array(jobInfo), '/jobs', { user: 'alice' });
    const both = (isSo: (state: string) => boolean) =>
      proxy.until(jobs, (all) => all.filter(({ jobId, state }) => ids.includes(jobId) && isSo(state)).length === 2);
    await both((state) => state === 'RUNNING');
    expect(await living()).to.equal(2);
    writeFileSync(go, '');
    await both((state) => state === 'DONE');
    await proxy.until(living, (n) => n === 0);
    expect(await reasons()).to.deep.equal(Array(2).fill('idle for 1 s, above the floor'));
  });

  it('leaves pilots that were submitted by hand until they are idle for long', async () => {
    await start('min: 0, max: 3, letGoIdleS: 1');
    await proxy.until(decision, (text) => text.includes('enough'));
    const body = JSON.stringify({ site: 'S', n: 2, jdl: null });
    await proxy.call(z.object({ pilotIds: z.array(z.string()).length(2) }), '/pilots', { method: 'POST', body });
    await proxy.until(living, (n) => n === 0);
    expect(await reasons()).to.deep.equal(Array(2).fill('idle for 1 s, above the floor'));
    const pilots = await proxy.pilots();
    expect(pilots.every(({ registeredAt }) => registeredAt !== null)).to.equal(true);
  });

  it('drains an agent before the end of its slot, with another one in its place', async () => {
    await start('min: 1, max: 2, ttlS: 80, drainBeforeEndS: 60');
    const [first] = await proxy.warm(1);
    await proxy.until(
      () => proxy.pilots(),
      (all) =>
        all.some((pilot) => pilot.agentId === first!.agentId && pilot.state === 'gone') &&
        all.some((pilot) => pilot.agentId !== first!.agentId && pilot.state === 'idle'),
    );
    const gone = (await proxy.pilots()).find(({ agentId }) => agentId === first!.agentId);
    expect(gone?.why).to.contain('the batch slot is about to end');
  });

  it('finds its pilots again after a crash, also one whose batch id it had not written down, and starts no others', async () => {
    await start('min: 2, max: 4');
    const before = await proxy.warm(2);
    await proxy.kill();
    const db = new Database(join(proxy.stateDir, 'proxy.db'));
    const batchIds = db.prepare('SELECT pilot_id, batch_id FROM pilot ORDER BY pilot_id').all();
    db.prepare('UPDATE pilot SET batch_id = NULL WHERE pilot_id = (SELECT min(pilot_id) FROM pilot)').run();
    db.close();
    await proxy.start();
    const after = await proxy.warm(2);
    expect(after.map(({ pid }) => pid).sort()).to.deep.equal(before.map(({ pid }) => pid).sort());
    const pilots = await proxy.until(
      () => proxy.pilots(),
      (all) => all.every(({ batchId }) => batchId !== null),
    );
    const found = pilots.map(({ pilotId, batchId }) => ({ pilot_id: pilotId, batch_id: batchId }));
    expect(found.sort((a, b) => a.pilot_id.localeCompare(b.pilot_id))).to.deep.equal(batchIds);
  });

  it('ends the process of a pilot that was given up while nobody watched', async () => {
    await start('min: 1');
    const [worker] = await proxy.warm(1);
    await proxy.kill();
    const db = new Database(join(proxy.stateDir, 'proxy.db'));
    db.prepare(`UPDATE pilot SET state = 'gone', ended_at = 1, why = 'test'`).run();
    db.prepare(`UPDATE agent SET ended_at = 1, why = 'test'`).run();
    db.close();
    await proxy.start();
    await proxy.until(
      () => existsSync(`/proc/${worker!.pid}/exe`),
      (isThere) => !isThere,
    );
    const [again] = await proxy.warm(1);
    expect(again!.pid).not.to.equal(worker!.pid);
  });
});
