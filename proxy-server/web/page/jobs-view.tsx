/** Batch jobs that wait or run: one's own, everybody's for operators. */
import { z } from 'zod';
import { type JobInfo, type JobState, jobInfo } from '../../../protocol/job-messages.js';
import { formatSpan } from '../../../protocol/span.js';
import { ACTIVE_STATES } from '../../jobs/job-states.js';
import { JobStateWord, MASTERS, WAITING } from './job-state.js';
import { type Column, Figure, Problem, Table, time } from './parts.js';
import { usePolled } from './polled.js';
import { hashOf, type ViewProps } from './views.js';

const jobs = z.array(jobInfo);

const MOST = 1000;

export function JobsView({ onTokenWanted, who }: ViewProps) {
  const select = { states: [...WAITING, ...ACTIVE_STATES, ...MASTERS], limit: MOST, everyones: who.role !== 'user' };
  const path = `jobs?select=${encodeURIComponent(JSON.stringify(select))}`;
  const { value = [], problem } = usePolled(jobs, path, onTokenWanted);
  const count = (states: readonly JobState[]): string => {
    const n = value.filter(({ state }) => states.includes(state)).length;
    return value.length >= MOST ? `${n} or more` : String(n);
  };
  return (
    <>
      <Problem why={problem} />
      <dl class="figures">
        <Figure name="waiting" value={count(WAITING)} />
        <Figure name="running" value={count(ACTIVE_STATES)} />
        <Figure name="suspended" value={value.filter(({ isSuspended }) => isSuspended).length} />
        <Figure name="masters" value={count(MASTERS)} />
      </dl>
      <section>
        <h2>Jobs that wait or run</h2>
        <Table rows={value} columns={JOB} keyOf={({ jobId }) => jobId} none='None: "proof submit" makes one.' />
      </section>
    </>
  );
}

const JOB: readonly Column<JobInfo>[] = [
  {
    title: 'job',
    of: ({ jobId }) => <a href={hashOf({ view: 'jobs', detail: String(jobId) })}>{jobId}</a>,
    isNumber: true,
  },
  { title: 'master', of: ({ masterId }) => masterId, isNumber: true },
  { title: 'user', of: ({ user }) => user },
  { title: 'name', of: ({ name }) => name },
  { title: 'state', of: (job) => <JobStateWord job={job} /> },
  { title: 'site', of: ({ site }) => site },
  { title: 'host', of: ({ host }) => host },
  { title: 'submitted (UTC)', of: ({ submittedAt }) => time(submittedAt) },
  {
    title: 'runs for',
    of: ({ startedAt }) => (startedAt === null ? '' : formatSpan(Date.now() - startedAt)),
    isNumber: true,
  },
  { title: 'why', of: ({ why }) => why, isText: true },
];
