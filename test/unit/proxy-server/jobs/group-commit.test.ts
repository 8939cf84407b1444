import { expect } from 'chai';
import { GroupCommit } from '../../../../proxy-server/jobs/group-commit.js';
import { JobStore } from '../../../../proxy-server/jobs/job-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

const one = { user: 'alice', name: 'x', jdl: '[]', wants: '[]', price: 1, cores: 1, waitMs: null };

describe('proxy-server: changes written together', () => {
  it('are answered each with its own, and one that fails undoes itself alone', async () => {
    const db = openStateDb(':memory:');
    const store = new JobStore(db);
    const group = new GroupCommit(store);
    const answers = await Promise.allSettled([
      group.run(() => store.add(one, 1)),
      group.run(() => {
        store.add(one, 1);
        throw new Error('no');
      }),
      group.run(() => store.add(one, 1)),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.list({}).map(({ jobId }) => jobId)).to.have.length(2);
  });

  it('all fail where they cannot be written', async () => {
    const db = openStateDb(':memory:');
    const store = new JobStore(db);
    const group = new GroupCommit(store);
    const asked = [1, 2].map(() => group.run(() => store.add(one, 1)));
    const settled = Promise.allSettled(asked);
    db.close();
    expect((await settled).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
  });
});
