/** What people see of a job while it runs: its trace and standard output as they come, and its files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { traceLine } from '../../protocol/job-messages.js';
import { COMMAND, run } from '../support/cluster.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

const followed = z.union([traceLine, z.object({ stdout: z.string() })]);

describe('proxy: a job that is watched', () => {
  let proxy: TestProxy;
  afterEach(() => proxy?.stop());

  it('shows its standard output with trace --follow, and its files with spy, before it is over', async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 1, cores: 1 }]\n');
    await proxy.start();
    const jobs = new JobBench(proxy);
    const config = join(proxy.folder, 'config.yaml');
    writeFileSync(config, `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}" }\n`);
    const go = join(proxy.folder, 'go');
    const program = jobs.script('talk.sh', `echo first; while [ ! -e ${go} ]; do sleep 0.1; done; echo second`);
    const id = await jobs.submit(`Executable = "${program}";`);
    const following = spawn(process.execPath, [COMMAND, 'trace', String(id), '--follow'], {
      env: { ...process.env, PROOF_CONFIG: config },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    following.stdout.on('data', (data: Buffer) => {
      shown += data.toString('utf8');
    });
    const over = once(following, 'exit');
    try {
      await proxy.until(
        () => shown,
        (text) => /RUNNING: [\s\S]*first\n/.test(text),
      );
      const proof = (...words: string[]) => run(words, { env: { PROOF_CONFIG: config } });
      expect((await proof('spy', String(id), 'stdout')).stdout).to.equal('first\n');
      expect((await proof('spy', String(id))).stdout).to.match(/^file +bytes\n[\s\S]*stdout +6\n/);
      expect((await proof('spy', String(id), 'no-such')).stderr).to.contain('PROXY_NO_SUCH_JOB_FILE');
      writeFileSync(go, '');
      const [status] = (await over) as [number];
      expect(status).to.equal(0);
      expect(shown).to.match(/second\n/);
      expect(shown.match(/first\n/g)).to.have.length(1);
      expect(shown).to.contain('DONE: the payload ended well');
      const { stdout: asLines } = await proof('trace', String(id), '--follow', '--json');
      const said = asLines
        .trimEnd()
        .split('\n')
        .map((line) => followed.parse(JSON.parse(line)));
      expect(said.flatMap((one) => ('stdout' in one ? one.stdout : [])).join('')).to.equal('first\nsecond\n');
      const { stdout: asList } = await proof('trace', String(id), '--json');
      expect(said.filter((one) => 'line' in one)).to.deep.equal(JSON.parse(asList));
    } finally {
      following.kill();
    }
  });

  it('says why it waits in trace and ps -L, and by its exit status how it ended', async () => {
    proxy = await new TestProxy('sites: [{ name: S, type: local, min: 1, cores: 1 }]\n').start();
    const jobs = new JobBench(proxy);
    await proxy.warm(1);
    const proof = (...words: string[]) => run([...words, '--host', proxy.url.slice('http://'.length)]);
    const waiting = await jobs.submit('Executable = "/bin/true"; Requirements = other.Site == "NOWHERE";');
    const reason = 'on none of 1 agents: other.Site == "NOWHERE"';
    const trace = await proof('trace', String(waiting));
    expect(trace.stdout).to.match(/^\S+ \[state +\]: WAITING: submitted by alice\n$/);
    expect(trace.stderr).to.equal(`proof: it waits: ${reason} ("proof jdl match ${waiting}" says more)\n`);
    expect((await proof('ps', '-a', '-L')).stdout).to.contain(reason);
    const failing = await jobs.submit(`Executable = "/bin/false";`);
    const followed = await proof('trace', String(failing), '--follow');
    expect([followed.status, followed.stderr]).to.deep.equal([1, '']);
    expect(followed.stdout).to.contain('ERROR_E: the payload failed: its exit status is 1');
  });
});
