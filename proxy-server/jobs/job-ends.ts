/**
 * What follows when a job has ended: once more where its description says so (Retries), its master looked at, its owner told (Email).
 *
 * A master is looked at once for many failures that come together, and ends with its last sub-job, after that look.
 */
import type { Clock } from '../../protocol/clock.js';
import type { Logger } from '../../protocol/log.js';
import { surviving } from '../state-db.js';
import type { EndNotices } from './end-notices.js';
import type { JobMerger } from './job-merger.js';
import type { Job } from './job-row.js';
import type { JobStore } from './job-store.js';
import {
  decideMaster,
  FAILURES,
  type MasterPolicy,
  masterPolicy,
  mayActOnFailure,
  SYSTEM_FAILURES,
} from './master-policy.js';
import { readStored } from './prepare-job.js';

export interface JobEndsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly notices: EndNotices;
  readonly merger: Pick<JobMerger, 'begin' | 'look' | 'start'>;
  readonly enqueue: (job: Job) => void;
  readonly kill: (job: Job, why: string) => boolean;
}

/** Failures that come within this time are one question to their master. */
const LOOK_AFTER_MS = 200;
/** A master whose sub-jobs are at work is not read again and again. */
const MOST_POLICIES = 1000;

export class JobEnds {
  readonly #options: JobEndsOptions;
  readonly #policies = new Map<number, MasterPolicy>();
  /** Masters that will be looked at. */
  readonly #due = new Set<number>();
  #isClosed = false;

  constructor(options: JobEndsOptions) {
    this.#options = options;
  }

  /** Masters whose last sub-job ended just when the last ProxyServer did. */
  start(): void {
    const { store, merger } = this.#options;
    for (const masterId of store.openMasters()) this.#lookAt(masterId);
    merger.start();
  }
  close(): void {
    this.#isClosed = true;
  }

  ended(job: Job): void {
    const { masterId, mergeOf } = job;
    if (masterId === null) {
      if (this.#isRetried(job)) return;
      this.tell(job);
      if (mergeOf !== null) this.#options.merger.look(mergeOf);
      return;
    }
    if (FAILURES.includes(job.state) && mayActOnFailure(this.#policyOf(masterId))) this.#lookSoon(masterId);
    else if (!this.#due.has(masterId)) this.#close(masterId);
  }

  /** A single job that may be tried again. */
  #isRetried(job: Job): boolean {
    if (job.isMaster || !SYSTEM_FAILURES.includes(job.state)) return false;
    const { retries } = readStored(job.jdl);
    if (job.resubmissions >= retries) return false;
    return this.#again(job, `once more: Retries = ${retries}`);
  }

  #again({ jobId, resubmissions }: Pick<Job, 'jobId' | 'resubmissions'>, why: string): boolean {
    const { store, enqueue } = this.#options;
    const facts = { agentId: null, resubmissions: resubmissions + 1, losses: 0 };
    const job = store.move(jobId, 'resubmit', { nowMs: this.#nowMs(), why, facts });
    if (job !== undefined) enqueue(job);
    return job !== undefined;
  }

  #lookSoon(masterId: number): void {
    if (this.#due.has(masterId)) return;
    this.#due.add(masterId);
    this.#options.clock.after(LOOK_AFTER_MS, () => {
      this.#due.delete(masterId);
      if (!this.#isClosed) surviving(this.#options.log, () => this.#lookAt(masterId));
    });
  }

  #lookAt(masterId: number): void {
    const { store, kill, log } = this.#options;
    const policy = this.#policyOf(masterId);
    if (mayActOnFailure(policy)) {
      const counts = store.partStates(masterId);
      const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
      const failed = store.list({ masters: [masterId], states: [...FAILURES] });
      const { resubmit, stop } = decideMaster(policy, { total, done: counts.DONE ?? 0, failed });
      const chosen = new Set(resubmit);
      const why = `resubmitted: ${failed.length} of ${total} sub-jobs have failed, more than MasterResubmitThreshold`;
      store.together(() => {
        for (const part of failed) if (chosen.has(part.jobId)) this.#again(part, why);
        if (resubmit.length > 0) store.note(masterId, 'trace', `${resubmit.length} sub-jobs ${why}`, this.#nowMs());
      });
      if (stop !== undefined) {
        const waiting = store.list({ masters: [masterId], states: ['WAITING', 'OVER_WAITING'] });
        if (waiting.length > 0) log.info('a master stops', { masterId, stop });
        for (const part of waiting) kill(part, stop);
      }
    }
    this.#close(masterId);
  }

  /** The last sub-job ends its master. */
  #close(masterId: number): void {
    const { store, merger } = this.#options;
    if (store.hasOpenPart(masterId)) return;
    const { merges } = this.#policyOf(masterId);
    const why = Object.entries(store.partStates(masterId))
      .map(([state, n]) => `${n} ${state}`)
      .join(', ');
    this.#policies.delete(masterId);
    const said = `all sub-jobs have ended: ${why}`;
    if (merges) {
      merger.begin(masterId, said);
      return;
    }
    const master = store.move(masterId, 'allEnded', { nowMs: this.#nowMs(), why: said });
    if (master !== undefined) this.tell(master);
  }

  /** Its owner, by its Email. */
  tell(job: Job): void {
    const { email } = readStored(job.jdl);
    if (email === undefined) return;
    const parts = job.isMaster ? this.#options.store.partStates(job.jobId) : null;
    this.#options.notices.send(job, { email, parts });
  }

  #policyOf(masterId: number): MasterPolicy {
    const known = this.#policies.get(masterId);
    if (known !== undefined) return known;
    if (this.#policies.size >= MOST_POLICIES) this.#policies.clear();
    const policy = masterPolicy(readStored(this.#options.store.get(masterId)!.jdl));
    this.#policies.set(masterId, policy);
    return policy;
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
