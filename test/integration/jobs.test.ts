/** Batch jobs from the command line to files and back, beside sessions, with real agents. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { type JobInfo, jobInfo, submittedJob, traceLine } from '../../protocol/job-messages.js';
import { isAlive, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

/** A payload that is used as the node's own program. */
function script(proxy: TestProxy, name: string, text: string): string {
  const file = join(proxy.folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o700);
  return file;
}

describe('proxy: batch jobs', () => {
  let proxy: TestProxy;
  beforeEach(async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 1, isolation: never }]\n');
    await proxy.start();
    await proxy.warm(2);
  });
  afterEach(() => proxy.stop());

  const submit = async (jdl: string, args: string[] = []): Promise<number> => {
    const body = JSON.stringify({ jdl, args });
    return (await proxy.call(submittedJob, '/jobs', { method: 'POST', body, user: 'alice' })).jobId;
  };
  const jobs = (): Promise<JobInfo[]> => proxy.call(z.array(jobInfo), '/jobs', { user: 'alice' });
  const job = async (id: number): Promise<JobInfo> => (await jobs()).find(({ jobId }) => jobId === id)!;
  const becomes = (id: number, isSo: (one: JobInfo) => boolean): Promise<JobInfo> => proxy.until(() => job(id), isSo);
  const trace = async (id: number): Promise<string[]> =>
    (await proxy.call(z.array(traceLine), `/jobs/${id}/trace`, { user: 'alice' })).map(({ text }) => text);
  const file = async (id: number, name: string): Promise<string> => {
    const answer = await fetch(`${proxy.url}/v1/jobs/${id}/file?name=${encodeURIComponent(name)}`, {
      headers: { authorization: 'Bearer dev:alice' },
    });
    return answer.text();
  };
  const untouched = (): string[] =>
    readdirSync(join(proxy.stateDir, 'pilots'), { recursive: true })
      .map(String)
      .filter((name) => /job-\d+\.\d+$/.test(name));

  it('run once each, split or not, with their arguments, variables and outputs', async () => {
    const odd = 'a;b|c&d $(id) `id` *?.txt';
    const program = script(
      proxy,
      'work.sh',
      `echo "$@"; echo "$ALIEN_JDL_PASS" > result.txt; echo odd > '${odd}'; echo warned >&2`,
    );
    const single = await submit(
      `Executable = "${program}"; Arguments = "$1 ; rm -rf / $(id) 'x"; OutputFile = {"result.txt", "${odd}"}; Pass = "7"; JDLVariables = {"Pass"};`,
      ['a*b'],
    );
    const master = await submit(
      `Executable = "${program}"; Arguments = "run #alien_counter#"; Split = "production:1-5";`,
    );
    await becomes(master, ({ state }) => state === 'DONE');
    await becomes(single, ({ state }) => state === 'DONE');
    expect(await file(single, 'stdout')).to.equal("a*b ; rm -rf / $(id) 'x\n");
    expect(await file(single, 'stderr')).to.equal('warned\n');
    expect(await file(single, 'result.txt')).to.equal('7\n');
    expect(await file(single, odd)).to.equal('odd\n');
    const subJobs = (await jobs()).filter(({ masterId }) => masterId === master);
    expect(subJobs.map(({ state, run: times, exitCode }) => ({ state, times, exitCode }))).to.deep.equal(
      Array.from({ length: 5 }, () => ({ state: 'DONE', times: 1, exitCode: 0 })),
    );
    const said = await Promise.all(subJobs.map(({ jobId }) => file(jobId, 'stdout')));
    expect(said).to.deep.equal([1, 2, 3, 4, 5].map((n) => `run ${n}\n`));
    expect(await trace(master)).to.include('DONE: all sub-jobs have ended: 5 DONE');
    await proxy.until(untouched, (left) => left.length === 0);
  });

  it('are suspended while a session uses the cores, and continue after it', async () => {
    const go = join(proxy.folder, 'go');
    const program = script(proxy, 'wait.sh', `echo $$; while [ ! -e ${go} ]; do sleep 0.1; done; echo went on`);
    const ids = [await submit(`Executable = "${program}";`), await submit(`Executable = "${program}";`)];
    for (const id of ids) await becomes(id, ({ state }) => state === 'RUNNING');
    const session = await proxy.openSession('bob');
    for (const id of ids) await becomes(id, ({ isSuspended }) => isSuspended);
    const pid = Number(
      await proxy.until(
        () => file(ids[0]!, 'stdout'),
        (text) => /^\d+\n/.test(text),
      ),
    );
    // Told to stop, it stops when it gets the processor next.
    await proxy.until(
      () => readFileSync(`/proc/${pid}/stat`, 'utf8'),
      (stat) => /\) T /.test(stat),
    );
    writeFileSync(go, '');
    await session.close();
    for (const id of ids) {
      await becomes(id, ({ state }) => state === 'DONE');
      expect(await file(id, 'stdout')).to.match(/^\d+\nwent on\n$/);
      expect((await trace(id)).filter((text) => /^suspended|^continued/.test(text))).to.deep.equal([
        'suspended: a session uses the cores',
        'continued',
      ]);
    }
  });

  it('end when they are killed, with all that they started, and can be resubmitted', async () => {
    const program = script(proxy, 'stay.sh', 'setsid sleep 600 & echo $!; echo $$; wait');
    const id = await submit(`Executable = "${program}";`);
    const said = await proxy.until(
      () => file(id, 'stdout'),
      (text) => /^\d+\n\d+\n$/.test(text),
    );
    const pids = said.trim().split('\n').map(Number);
    await proxy.call(z.unknown(), `/jobs/${id}`, { method: 'DELETE', body: '{}', user: 'alice' });
    expect((await job(id)).state).to.equal('KILLED');
    await proxy.allGone(pids);
    await proxy.call(z.unknown(), `/jobs/${id}/resubmit`, { method: 'POST', body: '{}', user: 'alice' });
    await becomes(id, ({ state, run: times }) => state === 'RUNNING' && times === 2);
  });

  it('of a lost agent are recovered and run again', async () => {
    const go = join(proxy.folder, 'go');
    const program = script(proxy, 'wait.sh', `echo $$; while [ ! -e ${go} ]; do sleep 0.1; done; echo once`);
    const id = await submit(`Executable = "${program}";`);
    await becomes(id, ({ state }) => state === 'RUNNING');
    const payload = Number(
      await proxy.until(
        () => file(id, 'stdout'),
        (text) => /^\d+\n/.test(text),
      ),
    );
    const { agentId } = await job(id);
    const pilot = (await proxy.pilots()).find((one) => one.agentId === agentId)!;
    process.kill(Number(pilot.batchId!.split('.')[0]), 'SIGKILL');
    await becomes(id, ({ run: times, state }) => times === 2 && state === 'RUNNING');
    await proxy.until(
      () => isAlive(payload),
      (alive) => !alive,
    );
    writeFileSync(go, '');
    await becomes(id, ({ state }) => state === 'DONE');
    expect(await file(id, 'stdout')).to.match(/^\d+\nonce\n$/);
    const states = (await trace(id)).map((text) => text.split(':')[0]).filter((word) => /^[A-Z_]+$/.test(word!));
    expect(states).to.deep.equal([
      'WAITING',
      'ASSIGNED',
      'STARTED',
      'RUNNING',
      'ZOMBIE',
      'WAITING',
      'ASSIGNED',
      'STARTED',
      'RUNNING',
      'SAVING',
      'DONE',
    ]);
  });

  it('fail with a reason: exit status, limits, missing output, missing program', async () => {
    const fails = script(proxy, 'fails.sh', 'echo why >&2; exit 3');
    const sleeps = script(proxy, 'sleeps.sh', 'sleep 600');
    const writes = script(proxy, 'writes.sh', 'head -c 3000000 /dev/zero > big; sleep 600');
    const judges = script(proxy, 'judges.sh', "printf 'too few\\nevents\\n' > .alienValidation.trace; exit 1");
    const cases: [string, string, RegExp][] = [
      [`Executable = "${fails}";`, 'ERROR_E', /exit status is 3/],
      [`Executable = "${sleeps}"; TTL = 1;`, 'EXPIRED', /longer than its TTL of 1 s/],
      [`Executable = "${writes}"; WorkDirectorySize = "2MB";`, 'ERROR_E', /more than its WorkDirectorySize of 2 MB/],
      [`Executable = "/bin/true"; OutputFile = {"gone.root"};`, 'ERROR_E', /did not write gone.root/],
      [
        `Executable = "/bin/true"; ValidationCommand = "${judges}";`,
        'ERROR_V',
        /said no: .*exit status.* 1: too few \/ events/,
      ],
      [`Executable = "/no/such/program";`, 'ERROR_IB', /neither in the catalog nor on this node/],
    ];
    for (const [jdl, state, why] of cases) {
      const ended = await becomes(await submit(jdl), ({ endedAt }) => endedAt !== null);
      expect(ended.state, ended.why ?? '').to.equal(state);
      expect(ended.why).to.match(why);
    }
  });

  it('are submitted, listed and followed with the proof command', async () => {
    const config = join(proxy.folder, 'config.yaml');
    writeFileSync(config, `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}" }\n`);
    const proof = (...words: string[]) => run(words, { env: { PROOF_CONFIG: config } });
    const jdl = join(proxy.folder, 'job.jdl');
    writeFileSync(
      jdl,
      '# a comment\nExecutable = "/bin/echo";\nArguments = "$1 #alien_counter#";\nSplit = "production:1-2";\n',
    );
    const submitted = await proof('submit', jdl, 'hello');
    expect(submitted.stdout, submitted.stderr).to.equal('1 (2 sub-jobs)\n');
    const followed = await proof('trace', '1', '--follow');
    expect(followed.stdout).to.contain('all sub-jobs have ended: 2 DONE');
    const { stdout: listed } = await proof('ps', '-f', '-d');
    expect(listed).to.match(/ 1 .* D +echo\n.* -2 .* D +echo\n.* -3 .* D +echo\n$/);
    expect((await proof('ps', '-A', '-id')).stdout).to.equal('1\n2\n3\n');
    expect((await proof('masterjob', '1')).stdout).to.equal('1 DONE, 2 sub-jobs\n       2 DONE\n');
    expect((await proof('spy', '-3'.slice(1), 'stdout')).stdout).to.equal('hello 2\n');
    expect((await proof('ps', '-jdl', '2')).stdout).to.contain('Arguments = "hello 1"');
    const refused = await proof('submit', jdl);
    expect(refused.status).to.not.equal(0);
    expect(refused.stderr).to.contain('JDL_ARGUMENT');
    writeFileSync(jdl, 'Executable = "/bin/true"; OutputFile = {"../../etc/passwd"};');
    expect((await proof('submit', jdl)).stderr).to.contain('leads out of the job');
    expect(existsSync(join(proxy.stateDir, 'jobs', '4'))).to.equal(false);
    expect((await proof('kill', '99')).stderr).to.contain('PROXY_NO_SUCH_JOB');
  });
});
