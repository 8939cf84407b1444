/** One slot, sessions and batch jobs in it: what the site's policy says, for how long, and until the slot ends. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotState } from '../../protocol/api.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: a slot with sessions and batch jobs', function () {
  this.timeout(90_000);
  let proxy: TestProxy;
  let jobs: JobBench;
  const start = async (site: string): Promise<void> => {
    proxy = new TestProxy(`sites: [{ name: S, type: local, min: 1, cores: 2, ${site} }]\nheartbeatMs: 500\n`);
    await proxy.start();
    jobs = new JobBench(proxy);
    await proxy.warm(2);
  };
  afterEach(() => proxy?.stop());

  const becomes = (state: PilotState) =>
    proxy.until(
      () => proxy.pilots(),
      (pilots) => pilots.some((pilot) => pilot.state === state),
    );
  /** Runs until the file `go` is there. */
  const waiting = (): { program: string; go: () => void } => {
    const file = join(proxy.folder, 'go');
    const program = jobs.script('wait.sh', `while [ ! -e ${file} ]; do sleep 0.1; done; echo went on`);
    return { program, go: () => writeFileSync(file, '') };
  };

  it('is shown as idle, batch, interactive and both', async () => {
    await start('isolation: preferred');
    await becomes('idle');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}";`);
    await becomes('batch');
    const session = await proxy.openSession('bob', 1);
    await becomes('both');
    go();
    await jobs.ends(id, 'DONE');
    await becomes('interactive');
    await session.close();
    await becomes('idle');
  });

  it('gives a job its cores back once it was suspended for as long as it may be, and the session gets them after it', async () => {
    await start('maxSuspendedS: 1');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}"; TTL = 1000;`);
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    await jobs.becomes(id, ({ isSuspended }) => isSuspended);
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 2,
    );
    await jobs.becomes(id, ({ isSuspended, state }) => state === 'RUNNING' && !isSuspended);
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 1,
    );
    go();
    await jobs.ends(id, 'DONE');
    expect(await jobs.trace(id)).to.include.members([
      'suspended: a session uses the cores',
      'suspended for as long as it may be: it asks for its cores',
      'continued',
    ]);
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 2,
    );
    await session.close();
  });

  it('lets a job run on beside sessions where the site shares', async () => {
    await start('batch: share');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}";`);
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 2,
    );
    go();
    await jobs.ends(id, 'DONE');
    expect((await jobs.trace(id)).some((text) => /^suspended/.test(text))).to.equal(false);
    await session.close();
  });

  it('keeps a session away from the cores of a job where the site declines', async () => {
    await start('batch: decline');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}";`);
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 1,
    );
    go();
    await jobs.ends(id, 'DONE');
    await proxy.until(
      () => session.workers(),
      ({ connected }) => connected === 2,
    );
    await session.close();
  });

  it('starts nothing that cannot end before the slot does', async () => {
    await start('ttlS: 900');
    const made = join(proxy.folder, 'made');
    const program = jobs.script('make.sh', `touch ${made}`);
    const long = await jobs.submit(`Executable = "${program}"; TTL = 5000;`);
    const short = await jobs.submit('Executable = "/bin/true"; TTL = 60;');
    await jobs.ends(short, 'DONE');
    expect((await jobs.job(long)).state).to.equal('WAITING');
    expect(existsSync(made)).to.equal(false);
  });
});
