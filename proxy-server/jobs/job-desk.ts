/** Jobs for whoever asks: submit, list, trace, files, kill, resubmit, and why one waits. Everyone sees and ends their own; operators all. */
import { explainMatch, type MatchExplanation, parseExpression, printExpression } from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import type { JobInfo, SubmittedJob, TraceLine } from '../../protocol/job-messages.js';
import type { Identity } from '../../protocol/tokens.js';
import { ForbiddenError } from '../identity.js';
import type { JobInputs, JobOutputs } from './job-files.js';
import type { JobRunner } from './job-runner.js';
import type { Job, JobStore } from './job-store.js';
import { prepareJob, readStored } from './prepare-job.js';

export class NoSuchJobError extends GridError {
  readonly code = 'PROXY_NO_SUCH_JOB';
}
/** The user has as many unfinished jobs as one may have. */
export class JobQuotaError extends GridError {
  readonly code = 'PROXY_JOB_QUOTA';
}
/** What is asked cannot be done with a job in this state. */
export class JobStateError extends GridError {
  readonly code = 'PROXY_JOB_STATE';
}

export interface JobDeskOptions {
  readonly store: JobStore;
  readonly runner: JobRunner;
  readonly inputs: JobInputs;
  readonly outputs: JobOutputs;
  readonly maxUnfinished: number;
  readonly nowMs: () => number;
}

export class JobDesk {
  readonly #options: JobDeskOptions;
  constructor(options: JobDeskOptions) {
    this.#options = options;
  }

  /** @throws {JobRefusedError | JobQuotaError} and the errors of reading and splitting a JDL */
  async submit({ user }: Identity, submission: { jdl: string; args: readonly string[] }): Promise<SubmittedJob> {
    const { store, runner, inputs, nowMs } = this.#options;
    const { job, subJobs, warnings } = await prepareJob({ ...submission, user, nowMs: nowMs() }, inputs);
    this.#checkQuota(user, subJobs?.length ?? 1);
    const jobId = store.add(job, subJobs, nowMs());
    const added = subJobs === null ? [store.get(jobId)!] : store.subJobs(jobId);
    for (const one of added) runner.enqueue(one);
    return { jobId, subJobs: subJobs?.length ?? 0, warnings: [...warnings] };
  }

  list({ user, role }: Identity, everyones: boolean): JobInfo[] {
    return this.#options.store.list(everyones && role !== 'user' ? null : user).map(toInfo);
  }

  get(identity: Identity, jobId: number): JobInfo & { jdl: string; subJobs: JobInfo[] } {
    const job = this.#own(identity, jobId);
    const subJobs = job.isMaster ? this.#options.store.subJobs(jobId).map(toInfo) : [];
    return { ...toInfo(job), jdl: job.jdl, subJobs };
  }

  trace(identity: Identity, jobId: number, after: number): TraceLine[] {
    this.#own(identity, jobId);
    return this.#options.store.trace(jobId, after);
  }

  files(identity: Identity, jobId: number): { name: string; size: number }[] {
    return this.#options.outputs.list(jobId, this.#own(identity, jobId).run);
  }

  /** Path of a kept file. @throws {NoSuchJobFileError} */
  fileOf(identity: Identity, jobId: number, name: string): string {
    return this.#options.outputs.pathOf({ jobId, run: this.#own(identity, jobId).run, name });
  }

  /** A master with all its sub-jobs. @returns how many ended by it */
  kill(identity: Identity, jobId: number): number {
    const job = this.#own(identity, jobId);
    const { store, runner } = this.#options;
    const why = `killed by ${identity.user}`;
    const parts = job.isMaster ? store.subJobs(jobId) : [];
    // The master first: else its last sub-job would make it DONE.
    const killed = [job, ...parts].filter((one) => runner.kill(one, why)).length;
    if (killed === 0) throw new JobStateError(`Job ${jobId} is ${job.state} already.`);
    return killed;
  }

  /** A job that failed goes back to the queue; of a master, all its sub-jobs that failed. @returns how many */
  resubmit(identity: Identity, jobId: number): number {
    const job = this.#own(identity, jobId);
    const { store, runner, nowMs } = this.#options;
    const candidates = job.isMaster
      ? store.subJobs(jobId).filter(({ state, endedAt }) => endedAt !== null && state !== 'DONE')
      : [job];
    this.#checkQuota(job.user, candidates.length);
    const news = { nowMs: nowMs(), why: `resubmitted by ${identity.user}`, facts: { agentId: null } };
    const again = candidates.flatMap(({ jobId: one }) => store.move(one, 'resubmit', news) ?? []);
    const masters = new Set(again.flatMap(({ masterId }) => masterId ?? []));
    for (const masterId of masters) store.move(masterId, 'reopen', { ...news, why: 'a sub-job was resubmitted' });
    for (const one of again) runner.enqueue(one);
    if (again.length === 0)
      throw new JobStateError(
        `Job ${jobId} is ${job.state}; only what failed, expired or was killed can be resubmitted.`,
      );
    return again.length;
  }

  /** Why a job waits: its own clauses, and those that its limits add. */
  explain(identity: Identity, jobId: number): MatchExplanation {
    const job = this.#own(identity, jobId);
    const { ad, ttlSeconds, runsToEndOfSlot } = readStored(job.jdl);
    const own = ad.get('Requirements');
    const clauses = [
      ...(own === undefined ? [] : [`(${printExpression(own)})`]),
      `other.FreeCores >= ${job.cores}`,
      ...(runsToEndOfSlot ? [] : [`other.TTL >= ${ttlSeconds}`]),
    ];
    ad.set('Requirements', parseExpression(clauses.join(' && '), { scope: ad }));
    return explainMatch(
      ad,
      this.#options.runner.offers().map((offer) => offer.ad),
    );
  }

  #checkQuota(user: string, more: number): void {
    const { store, maxUnfinished } = this.#options;
    const now = store.unfinished(user);
    if (now + more > maxUnfinished)
      throw new JobQuotaError(
        `${user} has ${now} unfinished jobs; ${more} more would be over the quota of ${maxUnfinished}. Wait, or kill some.`,
      );
  }

  #own({ user, role }: Identity, jobId: number): Job {
    const job = this.#options.store.get(jobId);
    if (job === undefined) throw new NoSuchJobError(`There is no job ${jobId}; "proof ps -A" lists yours.`);
    if (job.user !== user && role !== 'operator' && role !== 'admin')
      throw new ForbiddenError(`Job ${jobId} is ${job.user}'s.`);
    return job;
  }
}

function toInfo({ jdl: _jdl, waitUntil: _waitUntil, ...info }: Job): JobInfo {
  return info;
}
