import { expect } from 'chai';
import { readPsFlags } from '../../../client/jobs/ps-flags.js';
import type { JobInfo, JobState } from '../../../protocol/job-messages.js';

const job = (jobId: number, state: JobState, more: Partial<JobInfo> = {}): JobInfo => ({
  ...{
    jobId,
    state,
    masterId: null,
    isMaster: false,
    user: 'alice',
    name: 'x',
    isSuspended: false,
    price: 1,
    cores: 1,
  },
  ...{ site: 'S', host: 'h', agentId: null, run: 0, submittedAt: 0, startedAt: null, endedAt: null, exitCode: null },
  ...{ cpuSeconds: 0, wallSeconds: 0, why: null },
  ...more,
});
const jobs = [
  job(1, 'SPLIT', { isMaster: true }),
  job(2, 'RUNNING', { masterId: 1 }),
  job(3, 'DONE', { masterId: 1 }),
  job(4, 'ERROR_V', { user: 'bob', site: 'T' }),
  job(5, 'WAITING', { name: 'a' }),
];
const shown = (...words: string[]): number[] =>
  readPsFlags(words)
    .choose(jobs)
    .map(({ jobId }) => jobId);

describe('client: flags of ps', () => {
  it('choose jobs by state, code, group, master, site and owner', () => {
    expect(shown()).to.deep.equal([1, 2, 5]);
    expect(shown('-A')).to.deep.equal([1, 2, 3, 4, 5]);
    expect(shown('-f', 'R,EV')).to.deep.equal([2, 4]);
    expect(shown('-f', '-d')).to.deep.equal([3]);
    expect(shown('-E')).to.deep.equal([4]);
    expect(shown('-m', '1')).to.deep.equal([2, 3]);
    expect(shown('-A', '-s', 'T')).to.deep.equal([4]);
    expect(shown('-A', '-u', 'bob')).to.deep.equal([4]);
    expect(shown('-M')).to.deep.equal([1]);
    expect(shown('-A', '-o', 'name', '-l', '2')).to.deep.equal([5, 1]);
  });

  it('say what they do not know', () => {
    expect(() => readPsFlags(['-q'])).to.throw('does not know -q');
    expect(() => readPsFlags(['-f', 'FLYING'])).to.throw('FLYING is no state of a job');
    expect(() => readPsFlags(['-jdl'])).to.throw('needs a value');
    expect(() => readPsFlags(['-trace', 'x'])).to.throw('needs a number');
  });
});
