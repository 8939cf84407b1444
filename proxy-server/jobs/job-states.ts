/**
 * The life of a job, with AliEn's names. A table, so that it can be read and tested whole.
 *
 * A master is SPLITTING until all its sub-jobs are in the queue (they are INSERTING until then), and SPLIT until all its sub-jobs have ended; where it says so, their outputs are merged then. A job whose agent is lost is a ZOMBIE for as long as it takes to decide: it is given
 * out again, or EXPIRED where that happened too often.
 */
import type { JobState, PayloadEnd } from '../../protocol/job-messages.js';

export type JobEvent =
  | 'insert'
  | 'split'
  | 'splitFailed'
  | 'assign'
  | 'takeBack'
  | 'notAssigned'
  | 'hold'
  | 'release'
  | 'start'
  | 'run'
  | 'save'
  | 'done'
  | 'doneWarn'
  | 'givenBack'
  | 'badInput'
  | 'failed'
  | 'invalid'
  | 'notSaved'
  | 'expired'
  | 'killed'
  | 'lose'
  | 'recover'
  | 'waitTooLong'
  | 'allEnded'
  | 'merge'
  | 'merged'
  | 'mergeFailed'
  | 'reopen'
  | 'resubmit';

/** How a payload may end while it is with an agent; news of the steps between may be lost with a connection. */
const ENDS = {
  done: 'DONE',
  doneWarn: 'DONE_WARN',
  /** It was not started. */
  givenBack: 'WAITING',
  badInput: 'ERROR_IB',
  failed: 'ERROR_E',
  invalid: 'ERROR_V',
  notSaved: 'ERROR_SV',
  expired: 'EXPIRED',
  killed: 'KILLED',
  lose: 'ZOMBIE',
} as const satisfies Partial<Record<JobEvent, JobState>> & Record<PayloadEnd['outcome'], JobState>;

const AGAIN = { resubmit: 'WAITING' } as const;

/** Every legal move. What is not in the table does not happen. */
export const JOB_MOVES: Record<JobState, Partial<Record<JobEvent, JobState>>> = {
  // Sub-jobs whose master is still being split.
  INSERTING: { insert: 'WAITING', killed: 'KILLED' },
  SPLITTING: { split: 'SPLIT', splitFailed: 'ERROR_SPLT', killed: 'KILLED' },
  SPLIT: { allEnded: 'DONE', merge: 'MERGING', killed: 'KILLED' },
  MERGING: { merged: 'DONE', mergeFailed: 'ERROR_M', reopen: 'SPLIT', killed: 'KILLED' },
  WAITING: {
    assign: 'ASSIGNED',
    hold: 'OVER_WAITING',
    waitTooLong: 'ERROR_EW',
    killed: 'KILLED',
  },
  // Its user has used up a quota.
  OVER_WAITING: { release: 'WAITING', waitTooLong: 'ERROR_EW', killed: 'KILLED' },
  ASSIGNED: { takeBack: 'WAITING', notAssigned: 'ERROR_A', start: 'STARTED', run: 'RUNNING', save: 'SAVING', ...ENDS },
  STARTED: { run: 'RUNNING', save: 'SAVING', ...ENDS },
  RUNNING: { save: 'SAVING', ...ENDS },
  SAVING: { ...ENDS },
  ZOMBIE: { recover: 'WAITING', expired: 'EXPIRED', killed: 'KILLED' },
  // A master, when one of its sub-jobs is resubmitted.
  DONE: { reopen: 'SPLIT', merge: 'MERGING' },
  // It has fewer copies of its outputs than it asked for.
  DONE_WARN: {},
  ERROR_A: AGAIN,
  ERROR_IB: AGAIN,
  ERROR_E: AGAIN,
  ERROR_V: AGAIN,
  ERROR_SV: AGAIN,
  ERROR_EW: AGAIN,
  ERROR_SPLT: { resubmit: 'SPLITTING' },
  ERROR_M: { resubmit: 'MERGING', merge: 'MERGING', reopen: 'SPLIT' },
  EXPIRED: AGAIN,
  KILLED: { ...AGAIN, reopen: 'SPLIT' },
};

/** With an agent: it holds cores there. */
export const ACTIVE_STATES: readonly JobState[] = ['ASSIGNED', 'STARTED', 'RUNNING', 'SAVING'];
/** Over, unless somebody resubmits it. */
export const FINAL_STATES: readonly JobState[] = [
  'DONE',
  'DONE_WARN',
  'ERROR_A',
  'ERROR_IB',
  'ERROR_E',
  'ERROR_V',
  'ERROR_SV',
  'ERROR_EW',
  'ERROR_SPLT',
  'ERROR_M',
  'EXPIRED',
  'KILLED',
];

/** The state after the event, or undefined where it cannot happen (told twice, too late). */
export function nextJobState(state: JobState, event: JobEvent): JobState | undefined {
  return JOB_MOVES[state][event];
}
