import { expect } from 'chai';
import { JobStore, type NewJob } from '../../../../proxy-server/jobs/job-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

const one: NewJob = { user: 'alice', name: 'x', jdl: '[]', price: 1, cores: 1, waitUntil: null };

describe('proxy-server: the store of jobs', () => {
  it('makes legal moves only, each with its line', () => {
    const store = new JobStore(openStateDb(':memory:'));
    const id = store.add(one, null, 1);
    expect(store.move(id, 'done', { nowMs: 2, why: 'no' })).to.equal(undefined);
    expect(store.move(id, 'assign', { nowMs: 3, why: 'to a', facts: { agentId: 'a', run: 1 } })?.state).to.equal(
      'ASSIGNED',
    );
    expect(store.move(id, 'done', { nowMs: 4, why: 'well' })).to.deep.include({
      state: 'DONE',
      endedAt: 4,
      agentId: 'a',
    });
    expect(store.move(id, 'done', { nowMs: 5, why: 'twice' })).to.equal(undefined);
    expect(store.trace(id, 0).map(({ text }) => text)).to.deep.equal([
      'WAITING: submitted by alice',
      'ASSIGNED: to a',
      'DONE: well',
    ]);
  });

  it('counts what a user has not finished, sub-jobs one by one, and forgets what ended long ago', () => {
    const store = new JobStore(openStateDb(':memory:'));
    const master = store.add(one, [one, one], 1);
    expect(store.unfinished('alice')).to.equal(2);
    const [first, second] = store.subJobs(master);
    store.move(first!.jobId, 'killed', { nowMs: 2, why: 'x' });
    expect(store.unfinished('alice')).to.equal(1);
    store.move(second!.jobId, 'killed', { nowMs: 3, why: 'x' });
    store.move(master, 'killed', { nowMs: 3, why: 'x' });
    expect(store.prune(10).toSorted()).to.deep.equal([master, first!.jobId, second!.jobId]);
    expect(store.list(null)).to.deep.equal([]);
    expect(store.trace(master, 0)).to.deep.equal([]);
  });
});
