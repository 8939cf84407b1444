import { expect } from 'chai';
import { jobState } from '../../../../protocol/job-messages.js';
import { ACTIVE_STATES, FINAL_STATES, JOB_MOVES, nextJobState } from '../../../../proxy-server/jobs/job-states.js';

describe('proxy-server: states of a job', () => {
  it('let a job that is with an agent end in every way, and be lost', () => {
    for (const state of ACTIVE_STATES)
      for (const event of ['done', 'badInput', 'failed', 'invalid', 'notSaved', 'expired', 'killed', 'lose'] as const)
        expect(nextJobState(state, event), `${state} ${event}`).to.be.a('string');
  });

  it('let nothing but a resubmission, or a merging that is asked for, change a job that is over; one that is DONE stays so', () => {
    for (const state of FINAL_STATES)
      for (const event of Object.keys(JOB_MOVES[state])) expect(['resubmit', 'reopen', 'merge']).to.include(event);
    expect(nextJobState('DONE', 'resubmit')).to.equal(undefined);
    expect(nextJobState('DONE', 'lose')).to.equal(undefined);
  });

  it('are all reached from those of a new job, a new master and its sub-jobs', () => {
    const reached = new Set<string>(['WAITING', 'SPLITTING', 'INSERTING']);
    for (const state of reached)
      for (const to of Object.values(JOB_MOVES[state as keyof typeof JOB_MOVES])) reached.add(to);
    expect([...reached].toSorted()).to.deep.equal([...jobState.options].toSorted());
  });
});
