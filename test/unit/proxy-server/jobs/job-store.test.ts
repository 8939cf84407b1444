import { expect } from 'chai';
import { JobStore, type NewJob } from '../../../../proxy-server/jobs/job-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

const one: NewJob = { user: 'alice', name: 'x', jdl: '[]', wants: '[]', price: 1, cores: 1, waitMs: null };
const openStore = (): JobStore => new JobStore(openStateDb(':memory:'));

describe('proxy-server: the store of jobs', () => {
  it('makes legal moves only, each with its line', () => {
    const store = openStore();
    const id = store.add(one, 1);
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

  it('lets sub-jobs wait when all of them are there, and forgets a split that was not finished', () => {
    const store = openStore();
    const master = store.addMaster(one, 1);
    store.addParts(master, [one, one], 2);
    expect(store.waiting()).to.deep.equal([]);
    expect(store.splitDone(master, 3).map(({ jobId }) => jobId)).to.deep.equal([master + 1, master + 2]);
    expect(store.get(master)?.state).to.equal('SPLIT');
    expect(store.partStates(master)).to.deep.equal({ WAITING: 2 });

    const half = store.addMaster(one, 4);
    store.addParts(half, [one], 4);
    store.abandonSplits(5);
    expect(store.get(half)).to.deep.include({ state: 'ERROR_SPLT', why: 'the ProxyServer ended meanwhile' });
    expect(store.subJobs(half)).to.deep.equal([]);
    expect(store.move(half, 'resubmit', { nowMs: 6, why: 'again' })?.state).to.equal('SPLITTING');
  });

  it('finds jobs by state, user, master and number, a page at a time', () => {
    const store = openStore();
    const master = store.addMaster({ ...one, user: 'bob' }, 1);
    store.addParts(
      master,
      Array.from({ length: 5 }, () => ({ ...one, user: 'bob' })),
      1,
    );
    store.splitDone(master, 1);
    const alices = store.add(one, 2);
    const ids = (...selection: Parameters<JobStore['list']>): number[] =>
      store.list(...selection).map(({ jobId }) => jobId);
    expect(ids({ users: ['alice'] })).to.deep.equal([alices]);
    expect(ids({ masters: [master], limit: 2 })).to.deep.equal([2, 3]);
    expect(ids({ masters: [master], limit: 2, after: 3 })).to.deep.equal([4, 5]);
    expect(ids({ families: [master], states: ['SPLIT'] })).to.deep.equal([master]);
    expect(ids({ mastersOnly: true })).to.deep.equal([master]);
    expect(ids({ jobs: [alices, 3], states: ['WAITING'] })).to.deep.equal([3, alices]);
    expect(store.list({ jobs: [alices] })[0]?.jdl).to.equal('');
  });

  it('knows whether sub-jobs are left, and forgets what ended long ago', () => {
    const store = openStore();
    const master = store.addMaster(one, 1);
    store.addParts(master, [one, one], 1);
    const [first, second] = store.splitDone(master, 1);
    store.move(first!.jobId, 'killed', { nowMs: 2, why: 'x' });
    expect([store.hasOpenPart(master), store.openMasters()]).to.deep.equal([true, []]);
    store.move(second!.jobId, 'killed', { nowMs: 3, why: 'x' });
    expect([store.hasOpenPart(master), store.openMasters()]).to.deep.equal([false, [master]]);
    store.move(master, 'killed', { nowMs: 3, why: 'x' });
    expect(store.prune(10).toSorted()).to.deep.equal([master, first!.jobId, second!.jobId]);
    expect(store.list({})).to.deep.equal([]);
    expect(store.trace(master, 0)).to.deep.equal([]);
  });
});
