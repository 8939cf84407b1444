/** States of batch jobs as people look at them. */
import type { JobInfo, JobState } from '../../../protocol/job-messages.js';
import { ACTIVE_STATES } from '../../jobs/job-states.js';
import { State } from './parts.js';

export const WAITING: readonly JobState[] = ['INSERTING', 'SPLITTING', 'WAITING', 'OVER_WAITING'];
export const MASTERS: readonly JobState[] = ['SPLIT', 'MERGING'];
const WELL: readonly JobState[] = [...ACTIVE_STATES, ...MASTERS, 'DONE'];

export function JobStateWord({ job: { state, isSuspended } }: { job: JobInfo }) {
  const kind =
    WAITING.includes(state) || isSuspended || state === 'DONE_WARN' ? 'busy' : WELL.includes(state) ? 'good' : 'bad';
  return <State word={isSuspended ? `${state}, suspended` : state} kind={kind} />;
}
