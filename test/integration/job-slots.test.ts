/** One slot, sessions and batch jobs in it: what the site's policy says, for how long, and until the slot ends. */
import { existsSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import type { PilotState } from '../../protocol/api.js';
import { TestCatalog } from '../support/catalog.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { TcpProxy } from '../support/tcp-proxy.js';

describe('proxy: a slot with sessions and batch jobs', () => {
  let proxy: TestProxy;
  let jobs: JobBench;
  const start = async (site: string, catalog = 'none'): Promise<void> => {
    const size = site.includes('cores:') ? '' : 'min: 1, cores: 2,';
    proxy = new TestProxy(`sites: [{ name: S, type: local, ${size} ${site} }]\n`, { catalog });
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
  /** After it was suspended: it may not be so for long. */
  const continued = (id: number): Promise<string[]> =>
    proxy.until(
      () => jobs.trace(id),
      (lines) => lines.includes('continued'),
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
    await start('maxSuspendedS: 8');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}"; TTL = 1000;`);
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    await proxy.until(
      () => session.told,
      (told) => told.some(({ connected }) => connected === 2),
    );
    await continued(id);
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

  /** A TTL with which a job that runs from now on ends so many seconds before the slot's reserve of a minute. */
  const ttlThatSpares = async (seconds: number): Promise<number> => {
    const end = (await proxy.workers())[0]!.node.wallTimeEnd!;
    return Math.floor((end - Date.now()) / 1000) - 60 - seconds;
  };

  it('gives a suspended job its cores back when it could else not end before the slot does', async () => {
    await start('ttlS: 300, drainBeforeEndS: 1');
    const { program, go } = waiting();
    const id = await jobs.submit(`Executable = "${program}"; TTL = ${await ttlThatSpares(20)};`);
    await jobs.becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    await continued(id);
    go();
    await jobs.ends(id, 'DONE');
    expect(await jobs.trace(id)).to.include.members([
      'suspended: a session uses the cores',
      'suspended for as long as it may be: it asks for its cores',
      'continued',
    ]);
    await session.close();
  });

  it('hands a job back to the queue that waited for its cores until it could not end before the slot does', async () => {
    const catalog = await new TestCatalog().start();
    const wire = await TcpProxy.start(() => Number(new URL(catalog.url).port));
    try {
      await start('ttlS: 300, drainBeforeEndS: 1', `http://127.0.0.1:${wire.port}`);
      const input = join(proxy.folder, 'input.txt');
      writeFileSync(input, 'x');
      const file = { lfn: '/home/alice/input.txt', size: 1, replicas: [{ url: `file://${input}`, se: 'T::S::A' }] };
      writeFileSync(join(proxy.folder, 'list.jsonl'), JSON.stringify(file));
      const registered = await catalog.proof('register', '--list', join(proxy.folder, 'list.jsonl'));
      expect(registered.status, registered.stderr).to.equal(0);
      const { program, go } = waiting();
      const first = await jobs.submit(`Executable = "${program}"; CPUCores = 2; TTL = 60;`);
      await jobs.becomes(first, ({ state }) => state === 'RUNNING');
      const id = await jobs.submit(
        `Executable = "/bin/true"; InputFile = {"LF:${file.lfn}"}; TTL = ${await ttlThatSpares(20)};`,
      );
      wire.hold(); // its order is made, and does not get ready
      go();
      await jobs.becomes(id, ({ state }) => state === 'ASSIGNED');
      const session = await proxy.openSession('bob');
      await proxy.until(
        () => session.workers(),
        ({ connected }) => connected === 2,
      );
      wire.release();
      await jobs.becomes(id, ({ state }) => state === 'WAITING');
      expect((await jobs.trace(id)).join('\n')).to.match(/it cannot end any more before the slot does/);
      await session.close();
    } finally {
      await wire.stop();
      await catalog.stop();
    }
  });

  it('counts on its share of the memory and the disk of a node that it shares with other slots', async () => {
    await start('cores: 1, min: 2, max: 2');
    const nodes = (await proxy.workers()).map(({ node }) => node);
    expect(nodes).to.have.length(2);
    const share = 1 / availableParallelism();
    const { bavail, bsize, blocks } = statfsSync(tmpdir());
    for (const { memoryBytes, diskBytes } of nodes) {
      expect(memoryBytes).to.be.within(1, Math.ceil(totalmem() * share));
      expect(diskBytes).to.be.within(1, Math.ceil(blocks * bsize * share));
    }
    const id = await jobs.submit(
      `Executable = "/bin/true"; WorkDirectorySize = "${Math.ceil((bavail * bsize * share * 1.5) / 2 ** 20)}MB";`,
    );
    const match = z.object({
      matching: z.number(),
      clauses: z.array(z.object({ clause: z.string(), failsOn: z.number() })),
    });
    const { matching, clauses } = await proxy.call(match, `/jobs/${id}/match`, { user: 'alice' });
    expect(matching).to.equal(0);
    expect(clauses.filter(({ failsOn }) => failsOn === 2).map(({ clause }) => clause)).to.satisfy(
      (found: string[]) => found.length === 1 && /LocalDiskSpace/.test(found[0]!),
    );
  });

  it('ends a job that uses more CPU time than its TTL on its cores', async function () {
    if (availableParallelism() < 2) skipBecause(this, 'one core cannot use more CPU time than there is time');
    await start('isolation: never');
    // Ahead of others on a busy machine, where we may say so, and not so far that the agent cannot look.
    const burn = "nice -n -5 node -e 'for (;;);' 2>/dev/null &";
    const program = jobs.script('burn.sh', `echo -5 > /proc/self/autogroup; ${burn.repeat(4)} wait`);
    for (let tries = 0; tries < 3; tries++) {
      const id = await jobs.submit(`Executable = "${program}"; TTL = 20;`);
      const { why, cpuSeconds } = await jobs.ends(id, 'EXPIRED');
      if (/it used more CPU time than 20 s, its TTL on 1 cores/.test(why ?? '')) return;
      expect(cpuSeconds, why ?? '').to.be.lessThan(30);
    }
    skipBecause(this, 'this machine is too busy to give a payload more than one core');
  });
});
