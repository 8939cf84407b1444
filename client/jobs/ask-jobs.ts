/** Questions about jobs that several commands ask. */
import { z } from 'zod';
import { UsageError } from '../../protocol/errors.js';
import { type JobInfo, type JobSelection, jobInfo, MOST_LISTED } from '../../protocol/job-messages.js';
import type { Opened } from '../../protocol/open-words.js';
import type { ServerApi } from '../server-api.js';
import { isOver } from './ps-flags.js';

/** As a server of whatever release tells it. */
export type ShownJob = Opened<JobInfo>;
export const jobWithJdl = jobInfo.extend({ jdl: z.string() });

/** In the order of their numbers, page by page. */
export async function listJobs(
  api: ServerApi,
  selection: Partial<JobSelection>,
  most = Number.POSITIVE_INFINITY,
): Promise<ShownJob[]> {
  const found: ShownJob[] = [];
  // The server may know states in which jobs are over that we do not, and one of the release before passes over the word.
  const isWanted = (job: ShownJob): boolean => selection.exceptStates === undefined || !isOver(job);
  for (let after = 0; found.length < most; ) {
    const limit = Math.min(MOST_LISTED, most - found.length);
    if (limit < 1) break;
    const select = encodeURIComponent(JSON.stringify({ ...selection, after, limit }));
    const page = await api.call('GET', `/jobs?select=${select}`, z.array(jobInfo));
    found.push(...page.filter(isWanted));
    if (page.length < limit) break;
    after = page.at(-1)!.jobId;
  }
  return found;
}

export function jobNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`${text} is no number of a job; "proof ps" shows them.`);
  return Math.abs(Number(text)); // ps shows sub-jobs with a dash
}
