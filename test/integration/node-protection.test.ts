/** Nodes that are not fit, or fail every job: they do not eat the queue, and people see why. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

const AGENT = join(import.meta.dirname, '../../job-agent/main.js');

describe('proxy: nodes that would eat the queue', () => {
  let proxy: TestProxy;
  afterEach(() => proxy?.stop());

  it('get no more jobs once they failed five that others do well, and those are done elsewhere', async () => {
    proxy = new TestProxy('');
    const site = (name: string): string =>
      `  - { name: ${name}, type: local, min: 1, cores: 1, isolation: never, scratch: ${join(proxy.folder, name)} }\n`;
    proxy.configure(`sites:\n${site('GOOD')}${site('BAD')}`);
    await proxy.start();
    const jobs = new JobBench(proxy);
    await proxy.warm(2);
    const program = jobs.script('work.sh', 'case "$PWD" in */BAD/*) exit 1;; esac; sleep 0.2; echo well');
    const master = await jobs.submit(`Executable = "${program}"; Split = "production:1-30";`);
    await jobs.ends(master, 'DONE');
    const trace = await jobs.trace(master);
    expect(trace.at(-1)).to.equal('DONE: all sub-jobs have ended: 30 DONE');
    const bad = (await proxy.sites()).find(({ name }) => name === 'BAD')!;
    expect(bad.barred[0]).to.match(/no jobs until .*: the last \d+ on this node failed within 60 s/);
    expect((await proxy.pilots()).find((pilot) => pilot.site === 'BAD')!.why).to.equal(bad.barred[0]);
    expect((await proxy.sites()).find(({ name }) => name === 'GOOD')!.barred).to.deep.equal([]);
  });

  it('of a whole site are found out by two of them, and no other node of it gets jobs, while other sites go on', async function () {
    const asAnotherHost = ['unshare', '--user', '--map-root-user', '--uts', 'sh', '-c'] as const;
    if (spawnSync(asAnotherHost[0], [...asAnotherHost.slice(1), 'hostname other']).status !== 0)
      skipBecause(this, 'this machine lets nobody have a host name of one’s own');
    proxy = new TestProxy('');
    proxy.configure(
      'sites:\n  - { name: GOOD, type: local, min: 1, cores: 1, isolation: never }\n  - { name: BAD, type: local, max: 0 }\n',
    );
    await proxy.start();
    const jobs = new JobBench(proxy);
    const agents: ChildProcess[] = [];
    /** A node of the site BAD, with a name of its own. */
    const node = (host: string): void => {
      const scratch = join(proxy.folder, 'BAD', host);
      mkdirSync(scratch, { recursive: true });
      const words = `--server ${proxy.url} --site BAD --scratch ${scratch} --isolation never`;
      const command = `hostname ${host} && exec ${process.execPath} ${AGENT} ${words}`;
      agents.push(spawn(asAnotherHost[0], [...asAnotherHost.slice(1), command], { stdio: 'ignore' }));
    };
    try {
      node('bad1');
      node('bad2');
      await proxy.warm(3);
      expect(new Set((await proxy.workers()).map((one) => one.node.host))).to.include.members(['bad1', 'bad2']);
      const program = jobs.script('work.sh', 'case "$PWD" in */BAD/*) exit 1;; esac; sleep 0.1; echo well');
      const master = await jobs.submit(`Executable = "${program}"; Split = "production:1-40";`);
      await jobs.ends(master, 'DONE');
      expect((await jobs.trace(master)).at(-1)).to.equal('DONE: all sub-jobs have ended: 40 DONE');
      const siteOf = async (wanted: string) => (await proxy.sites()).find(({ name }) => name === wanted)!;
      const { barred } = await siteOf('BAD');
      expect(barred.join('\n')).to.match(/the last \d+ on this site failed within 60 s, 0 of \d+ failed elsewhere/);
      expect((await siteOf('GOOD')).barred).to.deep.equal([]);
      node('bad3');
      await proxy.until(
        () => proxy.workers(),
        (workers) => workers.some((one) => one.node.host === 'bad3' && one.phase === 'warm'),
      );
      const there = await jobs.submit('Executable = "/bin/true"; Requirements = other.Site == "BAD";');
      const elsewhere = await jobs.submit('Executable = "/bin/true";');
      await jobs.ends(elsewhere, 'DONE');
      expect((await jobs.job(there)).state).to.equal('WAITING');
    } finally {
      for (const agent of agents) agent.kill('SIGTERM');
      for (const agent of agents) if (agent.exitCode === null && agent.signalCode === null) await once(agent, 'exit');
    }
  });

  it('and are not fit any more are found out while they serve, and hold their slot', async () => {
    proxy = new TestProxy('');
    const scratch = join(proxy.folder, 'scratch');
    mkdirSync(scratch);
    proxy.configure(`sites: [{ name: S, type: local, min: 1, cores: 1, recheckS: 1, scratch: ${scratch} }]\n`);
    await proxy.start();
    await proxy.warm(1);
    for (const name of readdirSync(scratch)) rmSync(join(scratch, name), { recursive: true, maxRetries: 20 });
    const [pilot] = await proxy.until(
      () => proxy.pilots(),
      ([one]) => one?.state === 'draining',
    );
    expect(pilot!.why).to.match(/scratch directory cannot be used/);
  });
});
