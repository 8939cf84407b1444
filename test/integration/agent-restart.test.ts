/** An agent whose process dies, on a node with a state directory: its payloads run on, and the next process of that agent goes on with them. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';
import { processesWith, StaticAgent } from '../support/static-agent.js';

const TAKEN_OVER = 'its agent was started again, and took it over';

for (const isolation of ['never', 'preferred'] as const)
  describe(`proxy: an agent that is started again, isolation ${isolation}`, () => {
    let proxy: TestProxy;
    let jobs: JobBench;
    let agents: StaticAgent[];

    beforeEach(async () => {
      proxy = new TestProxy('');
      await proxy.start();
      jobs = new JobBench(proxy);
      agents = [];
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') console.log(agents.map(({ log }) => log).join('\n----\n'));
      const living = agents.filter((agent) => agent.isRunning);
      for (const agent of living) await agent.end('SIGTERM');
      const left = living.flatMap((agent) => agent.kept());
      const payloads = agents.flatMap((agent) => agent.payloads());
      await proxy.stop();
      expect([...left, ...payloads]).to.deep.equal([]);
    });

    const agent = async (settings: Record<string, string> = {}): Promise<StaticAgent> => {
      const one = new StaticAgent(proxy.url, join(proxy.folder, `agent-${agents.length}`), {
        ISOLATION: isolation,
        ...settings,
      });
      agents.push(one);
      one.start();
      await proxy.warm(agents.length);
      return one;
    };
    /** A payload that says when it begins, and ends when it is told. */
    const patient = (last: string): { program: string; go: () => void } => {
      const go = join(proxy.folder, 'go');
      const waits = `while [ ! -e ${go} ]; do sleep 0.1; done`;
      return {
        program: jobs.script('patient.sh', `echo first; ${waits}; echo second; ${last}`),
        go: () => writeFileSync(go, ''),
      };
    };
    const ofJob = (id: number, run = 1): number[] => processesWith(`PROOF_JOB=${id}.${run}`);
    const takenOver = (id: number): Promise<unknown> =>
      proxy.until(
        () => jobs.trace(id),
        (lines) => lines.includes(TAKEN_OVER),
      );
    const runs = async (id: number): Promise<number[]> => {
      await jobs.becomes(id, ({ state }) => state === 'RUNNING');
      await proxy.until(
        () => jobs.file(id, 'stdout'),
        (text) => text === 'first\n',
      );
      return proxy.until(
        () => processesWith(`PROOF_JOB=${id}.1`, 'patient.sh'),
        (pids) => pids.length === 1, // a child that has not become its `sleep` yet has its name
      );
    };

    it('goes on with a payload that runs: the same process, the same run, done once', async () => {
      const one = await agent();
      const { program, go } = patient('cat "$1" 2>&1; exit 0');
      const secret = join(one.stateDir, 'agent.json');
      const id = await jobs.submit(`Executable = "${program}"; Arguments = "${secret}";`);
      const before = await runs(id);
      expect(before).to.have.length(1);
      expect(statSync(secret).mode & 0o777).to.equal(0o600);
      await one.kill();
      one.start();
      await takenOver(id);
      expect(ofJob(id)).to.include.members(before);
      go();
      const done = await jobs.ends(id, 'DONE');
      expect(done).to.include({ run: 1, exitCode: 0 });
      const trace = await jobs.trace(id);
      expect(trace.filter((line) => line === TAKEN_OVER)).to.have.length(1);
      expect(trace.filter((line) => line.includes('the payload ended well'))).to.have.length(1);
      const said = await jobs.file(id, 'stdout');
      expect(said).to.match(/^first\nsecond\n/);
      if (one.log.includes('isolated by bubblewrap')) expect(said).to.match(/No such file/);
      await proxy.until(
        () => one.payloads(),
        (left) => left.length === 0,
      );
    });

    if (isolation === 'never')
      it('is waited for as long as it takes, by a ProxyServer that was started again meanwhile', async () => {
        const one = await agent();
        const { program, go } = patient('exit 0');
        const id = await jobs.submit(`Executable = "${program}";`);
        const before = await runs(id);
        await one.kill();
        await proxy.kill();
        await proxy.start();
        const longerThanAnyDialPauseMs = 16_000;
        await new Promise((resolve) => setTimeout(resolve, longerThanAnyDialPauseMs));
        expect(await jobs.becomes(id, () => true)).to.include({ state: 'RUNNING', run: 1 });
        one.start();
        await takenOver(id);
        expect(ofJob(id)).to.include.members(before);
        go();
        expect(await jobs.ends(id, 'DONE')).to.include({ run: 1, exitCode: 0 });
      });

    it('by SIGHUP and a start leaves it running, as by a crash, and by SIGTERM ends it', async () => {
      const one = await agent();
      const { program } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}";`);
      const before = await runs(id);
      expect(await one.end('SIGHUP')).to.equal(0);
      expect(ofJob(id)).to.include.members(before);
      one.start();
      await takenOver(id);
      expect(await one.end('SIGTERM')).to.equal(0);
      expect(ofJob(id)).to.deep.equal([]);
      expect(await jobs.becomes(id, ({ state }) => state === 'WAITING')).to.include({ run: 1 });
      expect(readdirSync(one.stateDir)).to.deep.equal([]);
    });

    it('without a state directory leaves no payload behind when it is killed', async () => {
      const one = await agent({ STATE_DIR: '' });
      const { program } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}";`);
      expect(await runs(id)).to.have.length(1);
      await one.kill();
      await proxy.until(
        () => ofJob(id),
        (left) => left.length === 0,
      );
      await jobs.becomes(id, ({ state }) => state === 'WAITING');
    });

    it('tells how a payload ended while there was no agent', async () => {
      const one = await agent();
      const { program, go } = patient('exit 7');
      const id = await jobs.submit(`Executable = "${program}";`);
      await runs(id);
      await one.kill();
      go();
      await proxy.until(
        () => readdirSync(join(one.stateDir, one.payloads()[0]!)),
        (names) => names.includes('program-1.status'),
      );
      one.start();
      const ended = await jobs.ends(id, 'ERROR_E');
      expect(ended).to.include({ run: 1, exitCode: 7, why: 'the payload failed: its exit status is 7' });
      expect(await jobs.trace(id)).to.include(TAKEN_OVER);
      expect(await jobs.file(id, 'stdout')).to.equal('first\nsecond\n');
    });

    it('keeps its limits, and suspends and continues it as before', async () => {
      const one = await agent();
      const { program } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}"; TTL = 30;`);
      await runs(id);
      await one.kill();
      one.start();
      await proxy.warm(1);
      const session = await proxy.openSession('bob');
      await jobs.becomes(id, ({ isSuspended }) => isSuspended);
      await session.close();
      await jobs.becomes(id, ({ isSuspended }) => !isSuspended);
      const { why } = await jobs.ends(id, 'EXPIRED');
      expect(why).to.equal('it ran longer than its TTL of 30 s');
      expect(ofJob(id)).to.deep.equal([]);
    });

    it('ends a payload that was killed meanwhile', async () => {
      const one = await agent();
      const { program } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}";`);
      const before = await runs(id);
      await one.kill();
      await proxy.call(z.unknown(), `/jobs/${id}`, { method: 'DELETE', body: '{}', user: 'alice' });
      await jobs.ends(id, 'KILLED');
      expect(ofJob(id)).to.include.members(before);
      one.start();
      await proxy.until(
        () => ofJob(id).length + one.payloads().length,
        (left) => left === 0,
      );
      expect((await jobs.job(id)).state).to.equal('KILLED');
    });

    it('that does not come back: nothing of the payload is left, and the job is done elsewhere', async () => {
      const one = await agent({ RETURN_WITHIN_S: '8' });
      const { program, go } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}";`);
      await runs(id);
      await agent();
      await one.kill();
      await proxy.until(
        () => processesWith(`PROOF_JOB=${id}.1`).length + one.payloads().length,
        (left) => left === 0,
      );
      go();
      expect(await jobs.ends(id, 'DONE')).to.include({ run: 2, exitCode: 0 });
    });

    it('that comes back too late is another agent: its payload is ended, and does not count', async () => {
      const one = await agent({ RETURN_WITHIN_S: '8' });
      const { program, go } = patient('exit 0');
      const id = await jobs.submit(`Executable = "${program}";`);
      await runs(id);
      await agent();
      // Guards that do not look: as on a node that hung.
      const slot = `PROOF_SLOT=agent-${readFileSync(join(one.stateDir, 'owner'), 'utf8').split(' ')[0]}`;
      const guards = guardsOf(slot);
      const watchers = guards.filter((pid) => nameOf(pid) === 'sh' && guards.includes(parentOf(pid)));
      expect(watchers.length).to.be.greaterThan(0);
      for (const pid of watchers) process.kill(pid, 'SIGSTOP');
      await one.kill();
      await jobs.becomes(id, ({ run }) => run === 2);
      expect(ofJob(id, 1)).not.to.have.length(0);
      one.start();
      await proxy.until(
        () => ofJob(id, 1).length + one.payloads().length,
        (left) => left === 0,
      );
      go();
      const done = await jobs.ends(id, 'DONE');
      expect(done.run).to.equal(2);
      expect((await jobs.trace(id)).filter((line) => line.includes('the payload ended well'))).to.have.length(1);
      await proxy.until(
        () => guardsOf(slot),
        (left) => left.length === 0,
      );
    });

    it('with the state directory of an agent that lives is refused', async () => {
      const one = await agent();
      const other = new StaticAgent(proxy.url, join(proxy.folder, 'agent-0'), { ISOLATION: isolation }).start();
      const status = await proxy.until(
        () => other.exitStatus(),
        (exit) => exit !== null,
      );
      expect(status).to.equal(1);
      expect(other.log).to.match(/Process \d+ is an agent with the state directory .*: give each agent one of its own/);
      expect(await one.end('SIGTERM')).to.equal(0);
    });
  });

const guardsOf = (slot: string): number[] => {
  const all = processesWith(slot);
  return processesWith('PROOF_GUARD=1').filter((pid) => all.includes(pid));
};
const nameOf = (pid: number): string => statOf(pid)[0];
const parentOf = (pid: number): number => Number(statOf(pid)[1]);
/** Name and parent. */
function statOf(pid: number): [string, string] {
  try {
    const found = /^\d+ \((.*)\) \S+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return [found?.[1] ?? '', found?.[2] ?? ''];
  } catch {
    return ['', '']; // it has just ended
  }
}
