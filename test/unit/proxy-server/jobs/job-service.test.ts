/** The queue as users and agents meet it: its state in a real file, agents that are said for. Clock and disk are real. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import type { ToAgentMessage } from '../../../../protocol/agent-messages.js';
import { systemClock } from '../../../../protocol/clock.js';
import type { JobInfo, JobOrder, PayloadEnd } from '../../../../protocol/job-messages.js';
import { createLogger } from '../../../../protocol/log.js';
import type { Identity } from '../../../../protocol/tokens.js';
import { PROTOCOL_VERSION } from '../../../../protocol/version.js';
import { AgentRegistry } from '../../../../proxy-server/agent-registry.js';
import { readProxyConfig } from '../../../../proxy-server/config.js';
import { JobService } from '../../../../proxy-server/jobs/job-service.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';
import { testNode } from '../../../support/nodes.js';

const identity = (user: string, role: Identity['role'] = 'user'): Identity => ({
  ...{ user, role, tokenId: null, issuedAt: null, expiresAt: null },
});
const ALICE = identity('alice');

describe('proxy-server: the queue', () => {
  let folder: string;
  let db: Database.Database;
  let registry: AgentRegistry;
  let jobs: JobService;
  let orders: { agentId: string; job: JobOrder }[];
  let sent: ToAgentMessage[];

  const start = (config = ''): void => {
    const file = join(folder, 'proxy.yaml');
    writeFileSync(
      file,
      `stateDir: ${folder}\nauth: development\nlisten: 127.0.0.1:0\ncatalog: none\nsites: [{ name: TEST, type: local, max: 1 }]\n${config}`,
    );
    db = openStateDb(join(folder, 'proxy.db'));
    registry = new AgentRegistry({ clock: systemClock, heartbeatMs: 60_000, emit: () => {} });
    jobs = new JobService({
      config: readProxyConfig(file),
      db,
      clock: systemClock,
      log: createLogger({ program: 'test', level: 'error', file: null, terminal: false }),
      registry,
      catalog: { forUser: () => Promise.resolve(null), forAdmin: () => Promise.resolve(null) },
      onDemand: () => {},
      onUse: () => {},
      onClaim: () => {},
      book: null,
      takesTokens: () => false,
      send: (agentId, message) => {
        sent.push(message);
        if (message.type === 'runJob') orders.push({ agentId, job: message.job });
      },
    });
  };
  const stop = async (): Promise<void> => {
    await jobs.close();
    registry.close();
    db.close();
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-queue-'));
    orders = [];
    sent = [];
  });
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const agent = (agentId: string, cores: number, protocol = PROTOCOL_VERSION): void => {
    registry.join({ agentId, pilotId: null, pid: 1, protocol, workers: [], node: { ...testNode, cores } });
    jobs.runner.look();
  };
  const submit = (jdl: string, who = ALICE): ReturnType<JobService['desk']['submit']> =>
    jobs.desk.submit(who, { jdl: `Executable = "/bin/true"; ${jdl}`, args: [] });
  const job = (jobId: number): JobInfo => jobs.desk.get(ALICE, jobId);
  const parts = (masterId: number): JobInfo[] => jobs.desk.list(ALICE, { masters: [masterId] });
  const trace = (jobId: number): string =>
    jobs.desk
      .trace(ALICE, jobId, 0)
      .map(({ text }) => text)
      .join('\n');
  const until = async (isSo: () => boolean): Promise<void> => {
    const end = performance.now() + 10_000;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`not so within 10 s: ${JSON.stringify(jobs.desk.list(ALICE, {}))}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  /** The agent says how the job of an order went. */
  const end = ({ agentId, job: { jobId, run } }: (typeof orders)[number], outcome: PayloadEnd['outcome'] = 'done') =>
    jobs.runner.report(agentId, {
      ...{ jobId, run, phase: 'ended' },
      end: {
        ...{ outcome, why: `it is ${outcome}`, exitCode: 0, cpuSeconds: 2, wallSeconds: 3, suspendedSeconds: 0 },
        ...{ memoryBytes: 5e6, files: [], stored: [] },
      },
    });
  /** Each order is answered as it comes, until so many have been. */
  const answer = async (count: number, outcomeOf: (order: JobOrder) => PayloadEnd['outcome']): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await until(() => orders.length > i);
      end(orders[i]!, outcomeOf(orders[i]!.job));
    }
  };

  it('gives failed sub-jobs out again as their master says, and is DONE with the last', async () => {
    start();
    const { jobId } = await submit(
      'Split = "production:1-4"; Arguments = "#alien_counter#"; MasterResubmitThreshold = "25%"; ResubmitType = "system";',
    );
    agent('a', 4);
    const firstTry = (order: JobOrder): boolean => order.run === 1 && order.arguments[0] !== '4';
    await answer(7, (order) => (firstTry(order) ? 'failed' : 'done'));
    await until(() => job(jobId).state === 'DONE');
    expect(parts(jobId).map(({ state, run, resubmissions }) => [state, run, resubmissions])).to.deep.equal([
      ['DONE', 2, 1],
      ['DONE', 2, 1],
      ['DONE', 2, 1],
      ['DONE', 1, 0],
    ]);
    expect(trace(jobId)).to.match(/3 sub-jobs resubmitted: 3 of 4 sub-jobs have failed/);
  });

  it('kills what waits when more have failed than MaxFailed, and closes the master', async () => {
    start();
    const { jobId } = await submit('Split = "production:1-6"; MaxFailed = 1;');
    agent('a', 2);
    await answer(2, () => 'invalid');
    await until(() => parts(jobId).some(({ state }) => state === 'KILLED'));
    for (const order of orders.slice(2)) end(order);
    await until(() => job(jobId).state === 'DONE');
    const states = parts(jobId).map(({ state }) => state);
    expect(states.filter((state) => state === 'KILLED').length).to.be.at.least(2);
    expect(parts(jobId).find(({ state }) => state === 'KILLED')?.why).to.match(
      /2 sub-jobs failed, more than MaxFailed/,
    );
  });

  it('gives an agent of the protocol before no job with outputs, says why, and gives it all others', async () => {
    start();
    agent('old', 2, 1);
    const withOutputs = await submit('OutputFile = {"*.root"};');
    const without = await submit('');
    await until(() => orders.length === 1);
    expect(orders[0]).to.deep.include({ agentId: 'old' });
    expect(orders[0]!.job).to.deep.include({ jobId: without.jobId, outputs: [], errorOutputs: [] });
    const { matching, clauses } = jobs.desk.explain(ALICE, withOutputs.jobId);
    expect(matching).to.equal(0);
    expect(clauses.filter(({ failsOn }) => failsOn > 0)).to.deep.equal([
      { clause: 'other.StoresOutputs', failsOn: 1, undefinedOn: 0, onlyObstacleOn: 1 },
    ]);
    agent('new', 1);
    await until(() => orders.length === 2);
    expect(orders[1]).to.deep.include({ agentId: 'new' });
    expect(orders[1]!.job.jobId).to.equal(withOutputs.jobId);
  });

  it('tries a single job as often again as its Retries say', async () => {
    start();
    const { jobId } = await submit('Retries = 2;');
    agent('a', 1);
    await answer(3, () => 'failed');
    await until(() => job(jobId).endedAt !== null);
    expect(job(jobId)).to.include({ state: 'ERROR_E', run: 3, resubmissions: 2 });
  });

  it('takes a job back from a lost agent, and gives it up at the fourth', async () => {
    start();
    const { jobId } = await submit('');
    for (const n of [1, 2, 3, 4]) {
      agent(`a${n}`, 1);
      await until(() => orders.length === n);
      registry.remove(`a${n}`, 'gone');
      jobs.runner.agentLost(`a${n}`, `agent a${n} is gone`);
    }
    expect(job(jobId)).to.include({ state: 'EXPIRED', run: 4, why: 'its agents were lost 4 times' });
    end(orders[3]!);
    expect(job(jobId).state).to.equal('EXPIRED');
    expect(await jobs.desk.resubmit(ALICE, jobId)).to.equal(1);
    agent('b', 1);
    await until(() => orders.length === 5);
    end(orders[4]!);
    await until(() => job(jobId).state === 'DONE');
  });

  it('refuses at submit, split and resubmit what would be over a quota, and says what is used', async () => {
    start('quotas: { default: { maxUnfinished: 3 }, users: { bob: { maxCpuCost: 1 } } }\n');
    const refused = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'taken',
        (error: Error) => error.message,
      );
    expect(await refused(submit('Split = "production:1-1000";'))).to.match(/1000 more would be over the quota of 3/);
    expect(jobs.desk.list(ALICE, {})).to.deep.equal([]);
    const { jobId } = await submit('');
    jobs.desk.kill(ALICE, jobId);
    for (let i = 0; i < 3; i++) await submit('');
    expect(await refused(submit(''))).to.match(/over the quota/);
    expect(await refused(jobs.desk.resubmit(ALICE, jobId))).to.match(/over the quota/);

    const bob = identity('bob');
    await submit('', bob);
    await submit('', bob);
    agent('a', 1);
    await until(() => orders.length === 1);
    expect(jobs.desk.quotas(bob, null)[0]).to.include({ user: 'bob', unfinished: 2, maxCpuCostLast24h: 1 });
    const bobs = orders.find(({ job: order }) => order.user === 'bob');
    for (let i = 0; bobs === undefined && orders.every(({ job: order }) => order.user !== 'bob'); i++) {
      end(orders[i]!);
      await until(() => orders.length > i + 1);
    }
    end(orders.find(({ job: order }) => order.user === 'bob')!);
    expect(await refused(submit('', bob))).to.match(/used up a quota: a CPU cost of 2 s/);
    const [quota] = jobs.desk.quotas(bob, null);
    expect(quota).to.include({ waiting: 1, cpuCostLast24h: 2, runningSecondsLast24h: 3 });
    const waits = jobs.desk.list(bob, { states: ['WAITING'] })[0]!;
    expect(jobs.desk.explain(bob, waits.jobId).heldBack).to.match(/CPU cost/);
    expect(() => jobs.desk.quotas(ALICE, 'bob')).to.throw();
  });

  it('has all of it again after a crash', async () => {
    start();
    const { jobId } = await submit('Split = "production:1-3"; CPUCores = 1;');
    const first = jobs.desk.list(ALICE, {});
    await stop();
    start();
    expect(jobs.desk.list(ALICE, {})).to.deep.equal(first);
    agent('a', 3);
    await answer(3, () => 'done');
    await until(() => job(jobId).state === 'DONE');
  });

  it('serves one sub-job a computing element, and says why not where it cannot split', async () => {
    start();
    const { jobId, subJobs } = await submit('Split = "ce";');
    expect(subJobs).to.equal(1);
    agent('a', 1);
    await until(() => orders.length === 1);
    expect(parts(jobId)[0]).to.include({ site: 'TEST' });
    const why = await submit('Split = "se_advanced";').catch((error: Error) => error.message);
    expect(why).to.match(/se_advanced" is not served/);
  });

  for (const [what, jdl, message] of [
    ['a JDL that does not parse', 'TTL = = 5;', /Line 1, column \d+: found "=", expected/],
    ['a wrong type', 'TTL = "soon";', /TTL: "soon" is not a number/],
    ['an argument that is missing', 'Arguments = "$3";', /\$3/],
    ['a program that is nowhere', 'Executable = "nowhere.sh";', /nowhere.sh is neither in the catalog/],
    ['an output that would leave the directory', 'OutputFile = {"../x"};', /leads out of the job/],
    ['a list that would leave the directory', 'InputDataList = "../x";', /no name of a file in the job/],
    ['an output directory with ..', 'OutputDir = "/a/../../b";', /must not hold "\.\."/],
    ['an address that a command would take for an option', 'Email = "-oX@y.z";', /is no address/],
    ['what is not served', 'Merge = {"a:/b:c"};', /Merge is not served: .*query/],
    ['a submit file of HTCondor', 'universe = vanilla\nqueue 3', /HTCondor submit file/],
  ] as const)
    it(`refuses ${what} in a sentence`, async () => {
      start();
      const text = jdl.startsWith('universe') ? `executable = /bin/true\n${jdl}` : `Executable = "/bin/true"; ${jdl}`;
      const refusal = await jobs.desk.submit(ALICE, { jdl: text, args: [] }).catch((error: Error) => error.message);
      expect(refusal).to.match(message);
      expect(jobs.desk.list(ALICE, {})).to.deep.equal([]);
    });

  it('carries what a shell would act on, everywhere, and puts $1 in once', async () => {
    start();
    const nasty = `a;b|c&d>e<f$(id)\`id\`'g*?[h]{i}~!#\\$HOME`;
    const { warnings } = await jobs.desk.submit(ALICE, {
      jdl: `Executable = "/bin/x;y"; Arguments = "$1 $2"; JobTag = {"comment:$1"}; Own = "$1"; JDLVariables = {"Own"}; Owm = 1;`,
      args: ['$2$1;(x)', nasty.replaceAll('\\', '\\\\')],
    });
    expect(warnings).to.deep.equal(['Owm is no attribute of a job.']);
    agent('a', 1);
    await until(() => orders.length === 1);
    const { executable, arguments: words, variables } = orders[0]!.job;
    expect([executable.name, ...words]).to.deep.equal(['/bin/x;y', '$2$1;(x)', nasty]);
    expect(variables).to.deep.equal({ OWN: '$2$1;(x)' });
    expect(jobs.desk.list(ALICE, {})[0]?.name).to.equal('$2$1;(x)');
  });
});
