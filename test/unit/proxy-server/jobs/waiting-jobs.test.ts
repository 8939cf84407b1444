/** Jobs that wait, and those that cannot be given out: OVER_WAITING, ERROR_EW, ERROR_A. */
import { expect } from 'chai';
import { CatalogUnreachableError } from '../../../../catalog/grid/errors.js';
import { type Clock, systemClock } from '../../../../protocol/clock.js';
import { ALICE, identity, QueueBench } from '../../../support/queue-bench.js';

const HOUR_MS = 3_600_000;

/** The real clock, a thousand times as fast where it is waited for, and moved on by hand where it is read. */
class QuickClock implements Clock {
  aheadMs = 0;
  now = (): number => systemClock.now() * 1000 + this.aheadMs;
  date = (): Date => new Date(systemClock.date().getTime() + this.aheadMs);
  after = (ms: number, run: () => void): (() => void) => systemClock.after(ms / 1000, run);
}

describe('proxy-server: jobs that wait', () => {
  let queue: QueueBench;
  beforeEach(() => {
    queue = new QueueBench();
  });
  afterEach(() => queue.remove());

  it('are OVER_WAITING while their user has used up a quota of the day, also after a restart, and WAITING when the day has moved on', async () => {
    const clock = new QuickClock();
    const config = 'quotas: { default: { maxRunningSeconds: 3 } }\n';
    queue.start(config, { clock });
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) ids.push((await queue.submit('')).jobId);
    const bobs = await queue.submit('', identity('bob'));
    queue.agent('a', 1);
    await queue.until(() => queue.orders.length === 1);
    queue.end(queue.orders[0]!);
    await queue.until(() => queue.orders.length === 2);
    expect(queue.orders[1]!.job.jobId, 'bob has used nothing').to.equal(bobs.jobId);
    const states = (): string[] => ids.map((id) => queue.job(id).state);
    await queue.until(() => states().join() === 'DONE,OVER_WAITING,OVER_WAITING');
    expect(queue.trace(ids[1]!)).to.match(/\nOVER_WAITING: 3 core seconds in the last 24 h, of 3 that one may use$/);
    expect(queue.jobs.desk.kill(ALICE, ids[2]!)).to.equal(1);
    await queue.stop();
    queue.start(config, { clock });
    queue.agent('b', 1);
    queue.jobs.runner.loseStrangers(new Set(['b']));
    await queue.until(() => queue.orders.length === 3);
    expect(queue.orders[2]!.job.jobId).to.equal(bobs.jobId);
    queue.end(queue.orders[2]!);
    expect(states()).to.deep.equal(['DONE', 'OVER_WAITING', 'KILLED']);
    clock.aheadMs = 25 * HOUR_MS;
    queue.jobs.runner.look();
    await queue.until(() => queue.orders.length === 4);
    expect(queue.orders[3]!.job.jobId).to.equal(ids[1]);
    expect(queue.trace(ids[1]!)).to.match(/\nWAITING: its user may use more again\nASSIGNED/);
  });

  it('are OVER_WAITING when the outputs of the day are too many, each counted once and standard streams not', async () => {
    queue.start('quotas: { users: { alice: { maxOutputFiles: 2 } } }\n');
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) ids.push((await queue.submit('')).jobId);
    queue.agent('a', 1);
    const files = ['out.root', 'stdout', 'stderr'].map((name) => ({ name, size: 0 }));
    for (const n of [1, 2]) {
      await queue.until(() => queue.orders.length === n);
      queue.end(queue.orders[n - 1]!, 'done', { files });
    }
    await queue.until(() => queue.job(ids[2]!).state === 'OVER_WAITING');
    expect(queue.trace(ids[2]!)).to.match(/OVER_WAITING: 2 files of output in the last 24 h, of 2 that one may use$/);
    expect(queue.jobs.desk.quotas(ALICE, null)[0]).to.include({ outputFilesLast24h: 2, maxOutputFilesLast24h: 2 });
    const why = await queue.submit('').catch((error: Error) => error.message);
    expect(why).to.match(/2 files of output/);
  });

  it('are ERROR_EW after MaxWaitingTime, OVER_WAITING or not, and wait again when they are resubmitted', async () => {
    const clock = new QuickClock();
    queue.start('', { clock });
    const { jobId } = await queue.submit('MaxWaitingTime = "30m";');
    queue.jobs.runner.look();
    expect(queue.job(jobId).state).to.equal('WAITING');
    clock.aheadMs = HOUR_MS;
    queue.jobs.runner.look();
    expect(queue.job(jobId)).to.include({ state: 'ERROR_EW', why: 'it waited longer than MaxWaitingTime' });
    expect(await queue.jobs.desk.resubmit(ALICE, jobId)).to.equal(1);
    expect(queue.job(jobId).state).to.equal('WAITING');
  });

  it('are ERROR_A when the catalog could not be asked for an hour, and when the server itself is at fault; resubmitted, they run', async () => {
    const clock = new QuickClock();
    let trouble: Error | undefined;
    queue.start('', {
      clock,
      catalog: {
        forUser: () => (trouble === undefined ? Promise.resolve(null) : Promise.reject(trouble)),
        forAdmin: () => Promise.resolve(null),
      },
    });
    const { jobId } = await queue.submit('');
    clock.aheadMs = HOUR_MS; // what was found at the submission is not remembered any more
    trouble = new CatalogUnreachableError('the catalog does not answer');
    queue.agent('a', 1);
    await queue.until(() => queue.job(jobId).state === 'ERROR_A');
    expect(queue.job(jobId).why).to.match(/tried 360 times in an hour: the catalog does not answer/);
    expect(
      queue
        .trace(jobId)
        .split('\n')
        .filter((line) => line.startsWith('not given out')),
    ).to.have.length(6);
    trouble = new TypeError('a mistake of ours');
    await queue.jobs.desk.resubmit(ALICE, jobId);
    await queue.until(() => queue.job(jobId).state === 'ERROR_A');
    expect(queue.job(jobId).why).to.match(/it cannot be given out: a mistake of ours/);
    trouble = undefined;
    await queue.jobs.desk.resubmit(ALICE, jobId);
    await queue.until(() => queue.orders.length === 1);
    queue.end(queue.orders[0]!);
    await queue.until(() => queue.job(jobId).state === 'DONE');
  });
});
