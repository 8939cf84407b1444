/**
 * Masters whose sub-jobs are over and whose outputs are to be merged: MERGING until the jobs that merge them are over. What is merged by what is
 * merge-plan.ts; when it is due, job-ends.ts.
 */
import { CatalogUnreachableError } from '../../catalog/grid/errors.js';
import type { Clock } from '../../protocol/clock.js';
import { GridError } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import { surviving } from '../state-db.js';
import type { JobInputs } from './job-inputs.js';
import type { JobOutputStore } from './job-output-store.js';
import type { Job } from './job-row.js';
import type { JobStore, NewJob } from './job-store.js';
import { type MergeWork, planMerging } from './merge-plan.js';
import type { OutputRegistrar } from './output-registrar.js';
import { prepareJob, readStored } from './prepare-job.js';

/** The outputs of sub-jobs cannot be merged: why. */
export class JobMergeError extends GridError {
  readonly code = 'PROXY_JOB_MERGE';
}

export interface JobMergerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly outputStore: JobOutputStore;
  readonly inputs: JobInputs;
  readonly registrar: OutputRegistrar;
  readonly hasEmailHook: boolean;
  /** Places in the user's quota. @throws {JobQuotaError} */
  readonly reserve: (user: string, more: number) => () => void;
  readonly enqueue: (jobs: readonly Job[]) => void;
  /** It is DONE or ERROR_M. */
  readonly onEnd: (master: Job) => void;
}

const RETRY_MS = 10_000;
/** So often a catalog that does not answer is asked again. */
const MOST_TRIES = 60;

export class JobMerger {
  readonly #options: JobMergerOptions;
  #isClosed = false;

  constructor(options: JobMergerOptions) {
    this.#options = options;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Masters that were MERGING when the last ProxyServer ended. */
  start(): void {
    const { store } = this.#options;
    for (const master of store.list({ states: ['MERGING'] }))
      if (store.list({ mergesOf: [master.jobId] }).length > 0) this.look(master.jobId);
      else void this.#run(store.get(master.jobId)!);
  }

  /** All sub-jobs are over. @returns false where its state does not allow it */
  begin(masterId: number, why: string): boolean {
    const { store } = this.#options;
    const master = store.move(masterId, 'merge', { nowMs: this.#nowMs(), why });
    if (master !== undefined) void this.#run(master);
    return master !== undefined;
  }

  /** One of its merging jobs is over. */
  look(masterId: number): void {
    const { store, onEnd } = this.#options;
    const jobs = store.list({ mergesOf: [masterId] });
    if (jobs.some(({ endedAt }) => endedAt === null)) return;
    const failed = jobs.filter(({ state }) => state !== 'DONE' && state !== 'DONE_WARN');
    const names = jobs.map(({ jobId }) => jobId).join(', ');
    const news =
      failed.length === 0
        ? { event: 'merged' as const, why: names === '' ? 'its collections are made' : `merged by job ${names}` }
        : {
            event: 'mergeFailed' as const,
            why: failed.map(({ jobId, state, why }) => `merging job ${jobId} is ${state}: ${why}`).join('; '),
          };
    const master = store.move(masterId, news.event, { nowMs: this.#nowMs(), why: news.why });
    if (master !== undefined) onEnd(master);
  }

  async #run(master: Job): Promise<void> {
    const { log, store, clock } = this.#options;
    const isMerging = (): boolean => !this.#isClosed && store.get(master.jobId)?.state === 'MERGING';
    for (let tries = 1; isMerging(); tries++) {
      try {
        await this.#submit(master, isMerging);
        return;
      } catch (error) {
        if (error instanceof CatalogUnreachableError && tries < MOST_TRIES) {
          await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
          continue;
        }
        if (!(error instanceof GridError)) log.error('outputs are not merged', { stack: (error as Error).stack });
        if (isMerging()) surviving(log, () => this.#fail(master, (error as Error).message));
        return;
      }
    }
  }

  #fail({ jobId }: Job, why: string): void {
    const { store, onEnd } = this.#options;
    const failed = store.move(jobId, 'mergeFailed', { nowMs: this.#nowMs(), why });
    if (failed !== undefined) onEnd(failed);
  }

  async #submit(master: Job, isMerging: () => boolean): Promise<void> {
    const { store, outputStore, registrar, reserve, enqueue } = this.#options;
    const { jobId: masterId, user } = master;
    const outputs = outputStore.ofParts(masterId);
    const plan = planMerging(readStored(master.jdl), { masterId, user, home: registrar.homeOf(user), outputs });
    if (plan.missing.length > 0) throw new JobMergeError(plan.missing.join(' '));
    for (const { collection, files } of plan.collections) await registrar.makeCollection(user, collection, files);
    const jobs = await Promise.all(plan.works.map((work) => this.#prepare(master, work)));
    if (!isMerging()) return;
    const release = reserve(user, jobs.length);
    try {
      const added = store.together(() => {
        const nowMs = this.#nowMs();
        const made = store.addMerging(masterId, jobs, nowMs);
        for (const [i, { files, spec }] of plan.works.entries())
          store.note(
            masterId,
            'trace',
            `job ${made[i]!.jobId} merges ${files.length} files named ${spec.pattern}`,
            nowMs,
          );
        for (const { collection, files } of plan.collections)
          store.note(masterId, 'trace', `${files.length} files are the collection ${collection}`, nowMs);
        return made;
      });
      enqueue(added);
    } finally {
      release();
    }
    if (jobs.length === 0) this.look(masterId);
  }

  /** Of the JDL in the catalog; its input and place, where it names none, are the outputs and the directory for the result. */
  async #prepare({ user }: Job, { spec, files, args, outputDir }: MergeWork): Promise<NewJob> {
    const { inputs, hasEmailHook } = this.#options;
    const jdl = await inputs.textOf(user, spec.jdl);
    const given = { inputData: files, outputDir };
    const { job, parts } = await prepareJob({ user, jdl, args, given }, { inputs, hasEmailHook });
    if (parts !== null) throw new JobMergeError(`${spec.jdl} has a Split; what merges is one job.`);
    return job;
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
