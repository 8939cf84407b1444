/** A ProxyServer that is restarted in order: for a changed configuration or a new release nobody's work has to end. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../support/cluster.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

const SITE = '{ name: S, type: local, min: 1, max: 1, cores: 2, drainBeforeEndS: 0 }';

describe('proof proxy restart', () => {
  let proxy: TestProxy;
  const command = (...words: string[]): ReturnType<typeof run> =>
    run(['proxy', ...words, '--config', proxy.configFile]);
  afterEach(async () => {
    await command('stop');
    await proxy.stop();
  });

  it('takes a changed configuration while a job and a session go on; a wrong one changes nothing, pilots of a site that is gone from it are served until they end', async () => {
    proxy = await new TestProxy(`sites: [${SITE}]\n`).start();
    const jobs = new JobBench(proxy);
    await proxy.warm(2);
    const { sessionId, link, workers } = await proxy.openSession('alice', 1);
    await proxy.until(workers, ({ ready }) => ready === 1);
    const serving = async (): Promise<(number | null)[]> =>
      (await proxy.workers()).filter((worker) => worker.sessionId === sessionId).map(({ pid }) => pid);
    const workerPids = await serving();
    expect(workerPids).to.have.length(1);
    const go = join(proxy.folder, 'go');
    const id = await jobs.submit(
      `Executable = "${jobs.script('patient.sh', `while [ ! -e ${go} ]; do sleep 0.1; done`)}";`,
    );
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const [pilot] = await proxy.pilots();
    const masterPid = proxy.masterPid(sessionId);

    proxy.configure(`sites: [${SITE}, { name: T, type: locl }]\n`);
    const refused = await command('restart');
    expect(refused.status).to.equal(2);
    expect(refused.stderr).to.contain('sites.1.type must be');
    expect((await jobs.job(id)).state).to.equal('RUNNING');

    proxy.configure(`sites: [${SITE}, { name: T, type: local, max: 1 }]\n`);
    const restarted = await command('restart');
    expect(restarted.stdout).to.contain('sessions, pilots and jobs go on').and.to.contain(`listening on ${proxy.url}`);
    expect((await proxy.sites()).map(({ name }) => name)).to.deep.equal(['S', 'T']);
    const again = await proxy.attach('alice', sessionId);
    await proxy.until(again.workers, ({ ready }) => ready === 1);
    expect(proxy.masterPid(sessionId)).to.equal(masterPid);
    await proxy.until(serving, (pids) => pids.join() === workerPids.join());
    expect((await jobs.job(id)).state).to.equal('RUNNING');
    writeFileSync(go, '');
    expect(await jobs.ends(id, 'DONE')).to.include({ run: 1 });
    expect((await proxy.pilots()).map(({ pilotId }) => pilotId)).to.deep.equal([pilot!.pilotId]);
    link.close('seen');
    await again.close();

    const pids = await proxy.pids();
    proxy.configure('sites: [{ name: T, type: local, max: 1 }]\n');
    expect((await command('restart')).status).to.equal(0);
    const left = await proxy.until(
      () => proxy.sites(),
      (sites) => sites.some(({ name, workers: { warm } }) => name === 'S' && warm === 2),
    );
    expect(left.map(({ name, type }) => [name, type])).to.deep.equal([
      ['T', 'local'],
      ['S', 'not configured'],
    ]);
    const killed = await run(['pilot', 'kill', pilot!.pilotId, '--host', proxy.url.slice('http://'.length)]);
    expect(killed.stderr + killed.stdout).to.equal(`${pilot!.pilotId}: killed\n`);
    await proxy.allGone(pids);
    await proxy.until(
      () => proxy.pilots(),
      (pilots) => pilots.every(({ state }) => state === 'gone'),
    );
    const stopped = await command('stop');
    expect(stopped.stdout).to.match(/^stopped \(process \d+\)\n$/);
  });

  it('starts one where none runs', async () => {
    proxy = new TestProxy('');
    const { stdout, status } = await command('restart');
    expect(status).to.equal(0);
    expect(stdout).to.match(/no ProxyServer runs on .*\nlistening on http/);
    expect(existsSync(join(proxy.stateDir, 'url'))).to.equal(true);
  });
});
