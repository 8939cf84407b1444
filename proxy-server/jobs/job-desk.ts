/** Jobs for whoever asks: submit, list, trace, files, kill, resubmit, and why one waits. Who may: authorization.ts. */
import { explainMatch, type MatchExplanation, parseExpression, printExpression, type SubJob } from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import type { JobInfo, JobSelection, SubmittedJob, TraceLine, UserQuota } from '../../protocol/job-messages.js';
import type { Identity } from '../../protocol/tokens.js';
import { type Action, authorize, may, reachOf } from '../authorization.js';
import { GroupCommit } from './group-commit.js';
import type { JobInputs } from './job-inputs.js';
import type { JobOutputs } from './job-outputs.js';
import type { Job } from './job-row.js';
import type { JobRunner } from './job-runner.js';
import type { JobSplitter } from './job-splitter.js';
import { FINAL_STATES } from './job-states.js';
import type { JobStore } from './job-store.js';
import { readWants } from './job-wants.js';
import { partsOf, prepareJob, readStored, storedWants } from './prepare-job.js';

export class NoSuchJobError extends GridError {
  readonly code = 'PROXY_NO_SUCH_JOB';
}
/** What is asked cannot be done with a job in this state. */
export class JobStateError extends GridError {
  readonly code = 'PROXY_JOB_STATE';
}

export interface JobDeskOptions {
  readonly store: JobStore;
  readonly runner: JobRunner;
  readonly splitter: JobSplitter;
  readonly inputs: JobInputs;
  readonly outputs: JobOutputs;
  readonly hasEmailHook: boolean;
  /** Open ones, for Split = "ce". */
  readonly computingElements: () => readonly string[];
  readonly nowMs: () => number;
}

const RESUBMITTABLE = FINAL_STATES.filter((state) => state !== 'DONE' && state !== 'DONE_WARN');
const MEGABYTE = 2 ** 20;

export class JobDesk {
  readonly #options: JobDeskOptions;
  readonly #commits: GroupCommit;
  constructor(options: JobDeskOptions) {
    this.#options = options;
    this.#commits = new GroupCommit(options.store);
  }

  /** @throws {JobRefusedError | JobQuotaError} and the errors of reading and splitting a JDL */
  async submit({ user }: Identity, submission: { jdl: string; args: readonly string[] }): Promise<SubmittedJob> {
    const { store, runner, splitter, inputs, hasEmailHook, computingElements, nowMs } = this.#options;
    const prepared = await prepareJob(
      { ...submission, user },
      { inputs, hasEmailHook, computingElements: computingElements() },
    );
    const { job, parts, warnings } = prepared;
    const release = runner.standing.reserve(user, parts?.length ?? 1);
    try {
      const atMs = nowMs();
      const single = (): Promise<number> => this.#commits.run(() => store.add(job, atMs));
      const jobId = await (parts === null ? single() : splitter.add(user, { job, parts }));
      if (parts === null)
        runner.enqueue([{ ...job, jobId, waitUntil: job.waitMs === null ? null : atMs + job.waitMs }]);
      await store.durable();
      return { jobId, subJobs: parts?.length ?? 0, warnings: [...warnings] };
    } finally {
      release();
    }
  }

  list(identity: Identity, selection: Partial<JobSelection>): JobInfo[] {
    const { user } = identity;
    const isOwnOnly =
      reachOf(identity, 'job.list') !== 'any' || (selection.everyones !== true && selection.users === undefined);
    return this.#options.store.list(isOwnOnly ? { ...selection, users: [user] } : selection).map(toInfo);
  }

  get(identity: Identity, jobId: number): JobInfo & { jdl: string } {
    const job = this.#find(identity, 'job.list', jobId);
    return { ...toInfo(job), jdl: job.jdl };
  }

  trace(identity: Identity, jobId: number, after: number): TraceLine[] {
    this.#find(identity, 'job.list', jobId);
    return this.#options.store.trace(jobId, after);
  }

  files(identity: Identity, jobId: number): { name: string; size: number }[] {
    return this.#options.outputs.list(jobId, this.#find(identity, 'job.files', jobId).run);
  }

  /** Path of a kept file. @throws {NoSuchJobFileError} */
  fileOf(identity: Identity, jobId: number, name: string): string {
    return this.#options.outputs.pathOf({ jobId, run: this.#find(identity, 'job.files', jobId).run, name });
  }

  /** Oneself; operators also others, or all (null). */
  quotas(identity: Identity, wanted: string | null): UserQuota[] {
    authorize(identity, 'job.list', wanted);
    const seesAll = reachOf(identity, 'job.list') === 'any';
    return this.#options.runner.standing.list(seesAll ? wanted : identity.user);
  }

  /** A master with all its sub-jobs. @returns how many ended by it */
  kill(identity: Identity, jobId: number): number {
    const job = this.#find(identity, 'job.kill', jobId);
    const { store, runner } = this.#options;
    const why = `killed by ${identity.user}`;
    const killed = store.together(() => {
      const parts = job.isMaster ? [...store.subJobs(jobId), ...store.list({ mergesOf: [jobId] })] : [];
      // The master first: else its last sub-job would make it DONE.
      return [job, ...parts].filter((one) => runner.kill(one, why)).length;
    });
    if (killed === 0) throw new JobStateError(`Job ${jobId} is ${job.state} already.`);
    return killed;
  }

  /** A job that failed goes back to the queue; of a master, all its sub-jobs that failed. @returns how many */
  async resubmit(identity: Identity, jobId: number): Promise<number> {
    const job = this.#find(identity, 'job.resubmit', jobId);
    if (job.state === 'ERROR_SPLT') return this.#splitAgain(job, `resubmitted by ${identity.user}`);
    const { store, runner, nowMs } = this.#options;
    const candidates = job.isMaster ? this.#failedOf(job) : [job];
    if (job.state === 'ERROR_M' && candidates.length === 0) return this.merge(identity, jobId);
    const release = runner.standing.reserve(job.user, candidates.length);
    try {
      const news = { nowMs: nowMs(), why: `resubmitted by ${identity.user}` };
      const again = store.together(() => {
        const moved = candidates.flatMap(({ jobId: one, resubmissions }) => {
          const facts = { agentId: null, losses: 0, resubmissions: resubmissions + 1 };
          return store.move(one, 'resubmit', { ...news, facts }) ?? [];
        });
        for (const one of moved) store.reopenFor(one, news.nowMs, `job ${one.jobId} was resubmitted`);
        return moved;
      });
      runner.enqueue(again);
      if (again.length > 0) return again.length;
    } finally {
      release();
    }
    throw new JobStateError(
      `Job ${jobId} is ${job.state}; only what failed, expired or was killed can be resubmitted.`,
    );
  }

  /** Of a master: sub-jobs that failed, else the jobs that failed to merge what they wrote. */
  #failedOf({ jobId }: Job): Job[] {
    const { store } = this.#options;
    const parts = store.list({ masters: [jobId], states: RESUBMITTABLE });
    return parts.length > 0 ? parts : store.list({ mergesOf: [jobId], states: RESUBMITTABLE });
  }

  /** Merges (again) what the sub-jobs of a master wrote. @returns 1: the master */
  merge(identity: Identity, jobId: number): number {
    const job = this.#find(identity, 'job.resubmit', jobId);
    const { store, runner } = this.#options;
    const { merges, mergeCollections } = readStored(job.jdl);
    if (!job.isMaster || merges.length + mergeCollections.length === 0)
      throw new JobStateError(`Job ${jobId} has no Merge or MergeCollections; merge with a job of your own.`);
    if (store.hasOpenPart(jobId))
      throw new JobStateError(
        `Sub-jobs of job ${jobId} are not over. Kill them ("proof masterjob ${jobId} -status …  kill"), and what is DONE is merged.`,
      );
    if (!runner.merger.begin(jobId, `merging asked for by ${identity.user}`))
      throw new JobStateError(`Job ${jobId} is ${job.state}; its outputs cannot be merged now.`);
    return 1;
  }

  /** Why a job waits: its own clauses, and those that its limits add. */
  explain(identity: Identity, jobId: number): MatchExplanation & { heldBack: string | null } {
    const job = this.#find(identity, 'job.list', jobId);
    const { runner, nowMs } = this.#options;
    const wants = readWants(storedWants(job), { now: nowMs, zoneOffset: () => 0, random: () => 0 });
    const { ad } = wants;
    const own = ad.get('Requirements');
    const atLeast = (name: string, least: number): string[] => (least > 0 ? [`other.${name} >= ${least}`] : []);
    const clauses = [
      ...(own === undefined ? [] : [`(${printExpression(own)})`]),
      ...atLeast('FreeCores', wants.cores),
      ...(wants.runsToEndOfSlot ? [] : atLeast('TTL', wants.ttlSeconds)),
      ...atLeast('Memory', wants.memoryBytes / MEGABYTE),
      ...atLeast('LocalDiskSpace', wants.diskBytes / MEGABYTE),
    ];
    ad.set('Requirements', parseExpression(clauses.join(' && '), { scope: ad }));
    const agents = runner.offers().map((offer) => offer.ad);
    return { ...explainMatch(ad, agents), heldBack: runner.standing.heldBack(job.user) ?? null };
  }

  async #splitAgain(job: Job, why: string): Promise<number> {
    const { store, runner, splitter, inputs, computingElements, nowMs } = this.#options;
    const parts: readonly SubJob[] =
      (await partsOf(readStored(job.jdl), job.user, { inputs, computingElements: computingElements() })) ?? [];
    const release = runner.standing.reserve(job.user, parts.length);
    try {
      if (store.move(job.jobId, 'resubmit', { nowMs: nowMs(), why }) === undefined) return 0;
      await splitter.fill(job.jobId, job.user, parts);
      return parts.length;
    } finally {
      release();
    }
  }

  /** @throws {NoSuchJobError} also for one that may not be seen; {ForbiddenError} for one that may be seen only */
  #find(identity: Identity, action: Action, jobId: number): Job {
    const job = this.#options.store.get(jobId);
    if (job === undefined || !may(identity, 'job.list', job.user))
      throw new NoSuchJobError(`There is no job ${jobId}; "proof ps -A" lists yours.`);
    authorize(identity, action, job.user);
    return job;
  }
}

function toInfo({
  jdl: _jdl,
  wants: _wants,
  losses: _losses,
  waitUntil: _waitUntil,
  waitMs: _waitMs,
  ...info
}: Job): JobInfo {
  return info;
}
