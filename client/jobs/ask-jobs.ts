/** Questions about jobs that several commands ask. */
import { z } from 'zod';
import { UsageError } from '../../protocol/errors.js';
import { type JobInfo, type JobSelection, jobInfo, MOST_LISTED } from '../../protocol/job-messages.js';
import type { ServerApi } from '../server-api.js';

export const jobWithJdl = jobInfo.extend({ jdl: z.string() });

/** In the order of their numbers, page by page. */
export async function listJobs(
  api: ServerApi,
  selection: Partial<JobSelection>,
  most = Number.POSITIVE_INFINITY,
): Promise<JobInfo[]> {
  const found: JobInfo[] = [];
  for (let after = 0; found.length < most; ) {
    const limit = Math.min(MOST_LISTED, most - found.length);
    if (limit < 1) break;
    const select = encodeURIComponent(JSON.stringify({ ...selection, after, limit }));
    const page = await api.call('GET', `/jobs?select=${select}`, z.array(jobInfo));
    found.push(...page);
    if (page.length < limit) break;
    after = page.at(-1)!.jobId;
  }
  return found;
}

export function jobNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`${text} is no number of a job; "proof ps" shows them.`);
  return Math.abs(Number(text)); // ps shows sub-jobs with a dash
}
