/** Nodes that are not fit, or fail every job: they do not eat the queue, and people see why. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: nodes that would eat the queue', function () {
  this.timeout(90_000);
  let proxy: TestProxy;
  afterEach(() => proxy?.stop());

  it('get no more jobs once they failed five that others do well, and those are done elsewhere', async () => {
    proxy = new TestProxy('heartbeatMs: 500\n');
    const site = (name: string): string =>
      `  - { name: ${name}, type: local, min: 1, cores: 1, isolation: never, scratch: ${join(proxy.folder, name)} }\n`;
    proxy.configure(`heartbeatMs: 500\nsites:\n${site('GOOD')}${site('BAD')}`);
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

  it('and are not fit any more are found out while they serve, and hold their slot', async () => {
    proxy = new TestProxy('heartbeatMs: 500\n');
    const scratch = join(proxy.folder, 'scratch');
    mkdirSync(scratch);
    proxy.configure(
      `heartbeatMs: 500\nsites: [{ name: S, type: local, min: 1, cores: 1, recheckS: 1, scratch: ${scratch} }]\n`,
    );
    await proxy.start();
    await proxy.warm(1);
    for (const name of readdirSync(scratch)) rmSync(join(scratch, name), { recursive: true });
    const [pilot] = await proxy.until(
      () => proxy.pilots(),
      ([one]) => one?.state === 'draining',
    );
    expect(pilot!.why).to.match(/scratch directory cannot be used/);
  });
});
