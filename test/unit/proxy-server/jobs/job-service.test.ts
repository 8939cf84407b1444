/** The queue as users and agents meet it: its state in a real file, agents that are said for. Clock and disk are real. */
import { expect } from 'chai';
import type { JobOrder } from '../../../../protocol/job-messages.js';
import { ALICE, identity, QueueBench } from '../../../support/queue-bench.js';

describe('proxy-server: the queue', () => {
  let queue: QueueBench;
  beforeEach(() => {
    queue = new QueueBench();
  });
  afterEach(() => queue.remove());

  it('gives failed sub-jobs out again as their master says, and is DONE with the last', async () => {
    queue.start();
    const { jobId } = await queue.submit(
      'Split = "production:1-4"; Arguments = "#alien_counter#"; MasterResubmitThreshold = "25%"; ResubmitType = "system";',
    );
    queue.agent('a', 4);
    const firstTry = (order: JobOrder): boolean => order.run === 1 && order.arguments[0] !== '4';
    await queue.answer(7, (order) => (firstTry(order) ? 'failed' : 'done'));
    await queue.until(() => queue.job(jobId).state === 'DONE');
    expect(queue.parts(jobId).map(({ state, run, resubmissions }) => [state, run, resubmissions])).to.deep.equal([
      ['DONE', 2, 1],
      ['DONE', 2, 1],
      ['DONE', 2, 1],
      ['DONE', 1, 0],
    ]);
    expect(queue.trace(jobId)).to.match(/3 sub-jobs resubmitted: 3 of 4 sub-jobs have failed/);
  });

  it('kills what waits when more have failed than MaxFailed, and closes the master', async () => {
    queue.start();
    const { jobId } = await queue.submit('Split = "production:1-6"; MaxFailed = 1;');
    queue.agent('a', 2);
    await queue.answer(2, () => 'invalid');
    await queue.until(() => queue.parts(jobId).some(({ state }) => state === 'KILLED'));
    for (const order of queue.orders.slice(2)) queue.end(order);
    await queue.until(() => queue.job(jobId).state === 'DONE');
    const states = queue.parts(jobId).map(({ state }) => state);
    expect(states.filter((state) => state === 'KILLED').length).to.be.at.least(2);
    expect(queue.parts(jobId).find(({ state }) => state === 'KILLED')?.why).to.match(
      /2 sub-jobs failed, more than MaxFailed/,
    );
  });

  it('gives an agent of the protocol before no job with outputs, says why, and gives it all others', async () => {
    queue.start();
    queue.agent('old', 2, 1);
    const withOutputs = await queue.submit('OutputFile = {"*.root"};');
    const without = await queue.submit('');
    await queue.until(() => queue.orders.length === 1);
    expect(queue.orders[0]).to.deep.include({ agentId: 'old' });
    expect(queue.orders[0]!.job).to.deep.include({ jobId: without.jobId, outputs: [], errorOutputs: [] });
    const { matching, clauses } = queue.jobs.desk.explain(ALICE, withOutputs.jobId);
    expect(matching).to.equal(0);
    expect(clauses.filter(({ failsOn }) => failsOn > 0)).to.deep.equal([
      { clause: 'other.StoresOutputs', failsOn: 1, undefinedOn: 0, onlyObstacleOn: 1 },
    ]);
    queue.agent('new', 1);
    await queue.until(() => queue.orders.length === 2);
    expect(queue.orders[1]).to.deep.include({ agentId: 'new' });
    expect(queue.orders[1]!.job.jobId).to.equal(withOutputs.jobId);
  });

  it('tries a single job as often again as its Retries say', async () => {
    queue.start();
    const { jobId } = await queue.submit('Retries = 2;');
    queue.agent('a', 1);
    await queue.answer(3, () => 'failed');
    await queue.until(() => queue.job(jobId).endedAt !== null);
    expect(queue.job(jobId)).to.include({ state: 'ERROR_E', run: 3, resubmissions: 2 });
  });

  it('takes a job back from a lost agent, and gives it up at the fourth', async () => {
    queue.start();
    const { jobId } = await queue.submit('');
    for (const n of [1, 2, 3, 4]) {
      queue.agent(`a${n}`, 1);
      await queue.until(() => queue.orders.length === n);
      queue.registry.remove(`a${n}`, 'gone');
      queue.jobs.runner.agentLost(`a${n}`, `agent a${n} is gone`);
    }
    expect(queue.job(jobId)).to.include({ state: 'EXPIRED', run: 4, why: 'its agents were lost 4 times' });
    queue.end(queue.orders[3]!);
    expect(queue.job(jobId).state).to.equal('EXPIRED');
    expect(await queue.jobs.desk.resubmit(ALICE, jobId)).to.equal(1);
    queue.agent('b', 1);
    await queue.until(() => queue.orders.length === 5);
    queue.end(queue.orders[4]!);
    await queue.until(() => queue.job(jobId).state === 'DONE');
  });

  it('refuses at submit, split and resubmit what would be over a quota, and says what is used', async () => {
    queue.start('quotas: { default: { maxUnfinished: 3 }, users: { bob: { maxCpuCost: 1 } } }\n');
    const refused = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'taken',
        (error: Error) => error.message,
      );
    expect(await refused(queue.submit('Split = "production:1-1000";'))).to.match(
      /1000 more would be over the quota of 3/,
    );
    expect(queue.jobs.desk.list(ALICE, {})).to.deep.equal([]);
    const { jobId } = await queue.submit('');
    queue.jobs.desk.kill(ALICE, jobId);
    for (let i = 0; i < 3; i++) await queue.submit('');
    expect(await refused(queue.submit(''))).to.match(/over the quota/);
    expect(await refused(queue.jobs.desk.resubmit(ALICE, jobId))).to.match(/over the quota/);

    const bob = identity('bob');
    await queue.submit('', bob);
    await queue.submit('', bob);
    queue.agent('a', 1);
    await queue.until(() => queue.orders.length === 1);
    expect(queue.jobs.desk.quotas(bob, null)[0]).to.include({ user: 'bob', unfinished: 2, maxCpuCostLast24h: 1 });
    const bobs = queue.orders.find(({ job: order }) => order.user === 'bob');
    for (let i = 0; bobs === undefined && queue.orders.every(({ job: order }) => order.user !== 'bob'); i++) {
      queue.end(queue.orders[i]!);
      await queue.until(() => queue.orders.length > i + 1);
    }
    queue.end(queue.orders.find(({ job: order }) => order.user === 'bob')!);
    expect(await refused(queue.submit('', bob))).to.match(/used up a quota: a CPU cost of 2 s/);
    const [quota] = queue.jobs.desk.quotas(bob, null);
    expect(quota).to.include({ waiting: 1, cpuCostLast24h: 2, runningSecondsLast24h: 3 });
    const waits = queue.jobs.desk.list(bob, { states: ['WAITING', 'OVER_WAITING'] })[0]!;
    expect(queue.jobs.desk.explain(bob, waits.jobId).heldBack).to.match(/CPU cost/);
    expect(() => queue.jobs.desk.quotas(ALICE, 'bob')).to.throw();
  });

  it('has all of it again after a crash', async () => {
    queue.start();
    const { jobId } = await queue.submit('Split = "production:1-3"; CPUCores = 1;');
    const first = queue.jobs.desk.list(ALICE, {});
    await queue.stop();
    queue.start();
    expect(queue.jobs.desk.list(ALICE, {})).to.deep.equal(first);
    queue.agent('a', 3);
    await queue.answer(3, () => 'done');
    await queue.until(() => queue.job(jobId).state === 'DONE');
  });

  it('serves one sub-job a computing element, and says why not where it cannot split', async () => {
    queue.start();
    const { jobId, subJobs } = await queue.submit('Split = "ce";');
    expect(subJobs).to.equal(1);
    queue.agent('a', 1);
    await queue.until(() => queue.orders.length === 1);
    expect(queue.parts(jobId)[0]).to.include({ site: 'TEST' });
    const why = await queue.submit('Split = "se_advanced";').catch((error: Error) => error.message);
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
    ['what is not served', 'InputZip = {"a.zip"};', /InputZip is not served: .*name their members/],
    ['a merging that is none', 'Merge = {"a:/b.jdl"};', /"a:\/b.jdl" is not PATTERN:JDL:OUTPUT/],
    ['a result that would leave the directory', 'Merge = {"a:/b.jdl:../c"};', /\.\.\/c is no name of a file/],
    ['a collection that is nowhere', 'MergeCollections = {"a:b"};', /b is no absolute name for a collection/],
    ['a submit file of HTCondor', 'universe = vanilla\nqueue 3', /HTCondor submit file/],
  ] as const)
    it(`refuses ${what} in a sentence`, async () => {
      queue.start();
      const text = jdl.startsWith('universe') ? `executable = /bin/true\n${jdl}` : `Executable = "/bin/true"; ${jdl}`;
      const refusal = await queue.jobs.desk
        .submit(ALICE, { jdl: text, args: [] })
        .catch((error: Error) => error.message);
      expect(refusal).to.match(message);
      expect(queue.jobs.desk.list(ALICE, {})).to.deep.equal([]);
    });

  it('carries what a shell would act on, everywhere, and puts $1 in once', async () => {
    queue.start();
    const nasty = `a;b|c&d>e<f$(id)\`id\`'g*?[h]{i}~!#\\$HOME`;
    const { warnings } = await queue.jobs.desk.submit(ALICE, {
      jdl: `Executable = "/bin/x;y"; Arguments = "$1 $2"; JobTag = {"comment:$1"}; Own = "$1"; JDLVariables = {"Own"}; Owm = 1;`,
      args: ['$2$1;(x)', nasty.replaceAll('\\', '\\\\')],
    });
    expect(warnings).to.deep.equal(['Owm is no attribute of a job.']);
    queue.agent('a', 1);
    await queue.until(() => queue.orders.length === 1);
    const { executable, arguments: words, variables } = queue.orders[0]!.job;
    expect([executable.name, ...words]).to.deep.equal(['/bin/x;y', '$2$1;(x)', nasty]);
    expect(variables).to.deep.equal({ OWN: '$2$1;(x)' });
    expect(queue.jobs.desk.list(ALICE, {})[0]?.name).to.equal('$2$1;(x)');
  });
});
