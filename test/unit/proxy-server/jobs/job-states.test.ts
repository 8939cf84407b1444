import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { jobState } from '../../../../protocol/job-messages.js';
import { ACTIVE_STATES, FINAL_STATES, JOB_MOVES, nextJobState } from '../../../../proxy-server/jobs/job-states.js';

/** All that AliEn numbers. */
const ALIENS = [
  ...['INSERTING', 'SPLITTING', 'SPLIT', 'WAITING', 'ASSIGNED', 'STARTED', 'INTERACTIV', 'IDLE', 'RUNNING', 'SAVING'],
  ...['SAVED', 'MERGING', 'FORCEMERGE', 'DONE', 'DONE_WARN', 'TO_STAGE', 'A_STAGED', 'STAGING', 'OVER_WAITING'],
  ...['SAVED_WARN', 'UPDATING', 'FAULTY', 'INCORRECT', 'ERROR_A', 'ERROR_I', 'ERROR_E', 'ERROR_IB', 'ERROR_M'],
  ...['ERROR_S', 'ERROR_SPLT', 'ERROR_SV', 'ERROR_V', 'ERROR_VN', 'EXPIRED', 'FAILED', 'KILLED', 'ZOMBIE', 'ERROR_VT'],
  ...['ERROR_RE', 'ERROR_EW', 'ERROR_W', 'ERROR_VER'],
];

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

  it('are AliEn’s: docs/jobs.md says of each what it is here, or what stands in its place', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../../docs/jobs.md'), 'utf8');
    const [ours = '', others = ''] = page.slice(page.indexOf('## States')).split("AliEn's other states");
    const missing = ALIENS.filter((state) => {
      const text = jobState.safeParse(state).success ? ours : others.slice(0, others.indexOf('**'));
      return !new RegExp(`\\b${state}\\b`).test(text);
    });
    expect(missing).to.deep.equal([]);
    expect(jobState.options.filter((state) => !ALIENS.includes(state))).to.deep.equal([]);
  });
});
