import { expect } from 'chai';
import { jobTable } from '../../../client/jobs/job-table.js';
import { masterLines, readMasterWords } from '../../../client/jobs/masterjob-words.js';
import { readPsFlags } from '../../../client/jobs/ps-flags.js';
import type { JobInfo, JobSelection, JobState } from '../../../protocol/job-messages.js';

const job = (jobId: number, state: JobState, more: Partial<JobInfo> = {}): JobInfo => ({
  ...{
    jobId,
    state,
    masterId: null,
    isMaster: false,
    mergeOf: null,
    user: 'alice',
    name: 'x',
    isSuspended: false,
    price: 1,
    cores: 1,
  },
  ...{ site: 'S', host: 'h', agentId: null, run: 0, submittedAt: 0, startedAt: null, endedAt: null, exitCode: null },
  ...{ cpuSeconds: 0, wallSeconds: 0, memoryBytes: 0, cost: 0, resubmissions: 0, why: null },
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
    .sort(jobs)
    .map(({ jobId }) => jobId);
const selected = (...words: string[]): Partial<JobSelection> => readPsFlags(words).selection;

describe('client: flags of ps', () => {
  it('choose jobs by state, code, group, master, site, node and owner', () => {
    expect(selected().exceptStates).to.include.members(['DONE', 'KILLED', 'ERROR_E']);
    expect(selected().exceptStates).to.not.include.members(['SPLIT', 'RUNNING', 'WAITING']);
    expect(selected('-A')).to.deep.equal({});
    expect(selected('-f', 'R,EV')).to.deep.equal({ states: ['RUNNING', 'ERROR_V'] });
    expect(selected('-f', '-d')).to.deep.equal({ states: ['DONE', 'DONE_WARN'] });
    expect(selected('-W', '-u', 'bob,eve')).to.deep.equal({
      states: ['WAITING', 'OVER_WAITING'],
      users: ['bob', 'eve'],
    });
    expect(selected('-m', '1')).to.deep.equal({ masters: [1] });
    expect(selected('-j', '-7,8')).to.deep.equal({ jobs: [7, 8], everyones: true });
    expect(selected('-A', '-s', 'T', '-n', 'h1,h2')).to.deep.equal({ sites: ['T'], hosts: ['h1', 'h2'] });
    expect(selected('-A', '-M', '-a', '-b')).to.deep.equal({ mastersOnly: true, everyones: true });
  });

  it("take -id both ways: JAliEn's, numbers only; AliEn's, as on the slide, a job and its sub-jobs", () => {
    expect(readPsFlags(['-id'])).to.include({ idsOnly: true });
    expect(selected('-s', '-id', '24662197')).to.deep.equal({ families: [24662197], everyones: true });
    expect(readPsFlags(['-id', '-A'])).to.include({ idsOnly: true });
  });

  it('sort, and show so many', () => {
    expect(shown()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(shown('-A', '-o', 'name', '-l', '2')).to.deep.equal([5, 1]);
    expect(shown('-o', 'owner').at(-1)).to.equal(4);
  });

  it('say what they do not know', () => {
    expect(() => readPsFlags(['-q'])).to.throw('does not know -q');
    expect(() => readPsFlags(['-f', 'FLYING'])).to.throw('FLYING is no state of a job');
    expect(() => readPsFlags(['-jdl'])).to.throw('needs a value');
    expect(() => readPsFlags(['-trace', 'x'])).to.throw('needs a number');
    expect(() => readPsFlags(['-o', 'size'])).to.throw('takes owner, id');
  });
});

describe('client: the table of jobs', () => {
  it('marks sub-jobs with a dash, and shows running time, CPU, memory and cost where they are asked for', () => {
    const one = job(7, 'RUNNING', { masterId: 1, startedAt: 1000, cpuSeconds: 61.23, memoryBytes: 2e6, cost: 50 });
    const table = (...words: string[]): unknown => jobTable([one], readPsFlags(words), 3_726_000);
    expect(table()).to.deep.equal({
      header: ['owner', 'id', 'priority', 'state', 'name'],
      rows: [['alice', '-7', 1, 'R', 'x']],
    });
    expect(table('-x')).to.deep.equal({
      header: ['owner', 'id', 'priority', 'state', 'cpu s', 'memory', 'cost', 'runtime', 'name'],
      rows: [['alice', '-7', 1, 'R', 61.2, '2.0 MB', 50, '01:02:05', 'x']],
    });
    expect(table('-X'))
      .to.have.property('header')
      .that.includes.members(['runtime', 'site', 'node', 'resubmitted', 'why']);
  });
});

describe('client: the words of masterjob', () => {
  const parts = [job(2, 'RUNNING', { masterId: 1 }), job(3, 'ERROR_E', { masterId: 1, site: 'T' }), job(4, 'ERROR_E')];
  const chosen = (...words: string[]): number[] =>
    readMasterWords(words)
      .choose(parts)
      .map(({ jobId }) => jobId);

  it('choose sub-jobs by state, number and site, and take a verb', () => {
    expect(chosen()).to.deep.equal([2, 3, 4]);
    expect(chosen('-status', 'EE')).to.deep.equal([3, 4]);
    expect(chosen('-status', 'ERROR_E', '-site', 'T')).to.deep.equal([3]);
    expect(chosen('-id', '-2,4')).to.deep.equal([2, 4]);
    expect(readMasterWords(['-status', 'EE', 'resubmit'])).to.include({ verb: 'resubmit', choosesAll: false });
    expect(() => readMasterWords(['expunge'])).to.throw('does not know expunge');
  });

  it('count them by state, with their sites', () => {
    expect(masterLines(parts)).to.deep.equal([
      { state: 'RUNNING', n: 1, ids: [2], sites: { S: 1 } },
      { state: 'ERROR_E', n: 2, ids: [3, 4], sites: { T: 1, S: 1 } },
    ]);
  });
});
