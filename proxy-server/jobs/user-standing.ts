/** Where users stand: what they have in the queue and with agents, what they used in the last day, and what follows by quotas.ts. */
import type { UserQuota } from '../../protocol/job-messages.js';
import type { ActiveJobs } from './active-jobs.js';
import {
  checkQuota,
  computedPriority,
  hasDailyLimit,
  type Quota,
  type Quotas,
  quotaOf,
  spentReason,
  type Usage,
  type Used,
} from './quotas.js';
import type { UsageStore } from './usage-store.js';
import type { WaitingQueue } from './waiting-queue.js';

export interface UserStandingOptions {
  readonly quotas: Quotas;
  readonly queue: WaitingQueue;
  readonly active: ActiveJobs;
  readonly usage: UsageStore;
  /** Its jobs are OVER_WAITING. */
  readonly isHeld: (user: string) => boolean;
  readonly nowMs: () => number;
}

const DAY_MS = 86_400_000;
const NOTHING: Used = { runningSecondsLast24h: 0, cpuCostLast24h: 0, outputFilesLast24h: 0, outputBytesLast24h: 0 };

export class UserStanding {
  readonly #options: UserStandingOptions;
  /** Jobs that are being split: not in the queue yet. */
  readonly #coming = new Map<string, number>();

  constructor(options: UserStandingOptions) {
    this.#options = options;
  }

  /** Takes the places of `more` jobs until the answer is called. @throws {JobQuotaError} there are not so many */
  reserve(user: string, more: number): () => void {
    checkQuota(user, more, { quota: this.#quota(user), usage: this.#usage(user) });
    this.#coming.set(user, (this.#coming.get(user) ?? 0) + more);
    return () => {
      const left = (this.#coming.get(user) ?? 0) - more;
      if (left > 0) this.#coming.set(user, left);
      else this.#coming.delete(user);
    };
  }

  /** For the matchmaker: 0 while a quota of the last day is used up. Asked anew for each round. */
  priorities(): (user: string, coresInUse: number) => number {
    const spent = new Map<string, boolean>();
    return (user, coresInUse) => {
      const quota = this.#quota(user);
      let isSpent = spent.get(user);
      if (isSpent === undefined) {
        isSpent = spentReason(quota, this.#used(user, quota)) !== undefined;
        spent.set(user, isSpent);
      }
      return isSpent || this.#options.isHeld(user) ? 0 : computedPriority(quota, coresInUse);
    };
  }

  /** Why nothing more of this user is given out at present. */
  heldBack(user: string): string | undefined {
    const quota = this.#quota(user);
    return hasDailyLimit(quota) ? spentReason(quota, this.#used(user, quota)) : undefined;
  }

  /** One user, or all who have or used anything. */
  list(user: string | null): UserQuota[] {
    const { queue, active, usage, quotas, nowMs } = this.#options;
    const known = [...queue.users(), ...active.coresOfUsers().keys(), ...usage.users(nowMs())];
    const users = user === null ? [...new Set([...known, ...Object.keys(quotas.users)])].toSorted() : [user];
    const cores = active.coresOfUsers();
    return users.map((one) => {
      const quota = this.#quota(one);
      const { unfinished, ...used } = this.#usage(one, true);
      const runningCores = cores.get(one) ?? 0;
      return {
        user: one,
        priority: quota.priority,
        computedPriority: computedPriority(quota, runningCores),
        runningCores,
        maxParallelCores: quota.maxParallelCores,
        waiting: queue.of(one),
        unfinished,
        maxUnfinished: quota.maxUnfinished,
        ...used,
        maxRunningSecondsLast24h: quota.maxRunningSeconds,
        maxCpuCostLast24h: quota.maxCpuCost,
        maxOutputFilesLast24h: quota.maxOutputFiles,
        maxOutputBytesLast24h: quota.maxOutputBytes,
      };
    });
  }

  #quota(user: string): Quota {
    return quotaOf(this.#options.quotas, user);
  }

  #usage(user: string, isShown = false): Usage {
    const { queue, active } = this.#options;
    const unfinished = queue.of(user) + active.of(user) + (this.#coming.get(user) ?? 0);
    return { unfinished, ...this.#used(user, this.#quota(user), isShown) };
  }

  /** Runs that have ended, and so far as anybody asks those that have not. */
  #used(user: string, quota: Quota, isShown = false): Used {
    const { usage, active, nowMs } = this.#options;
    const isAsked = hasDailyLimit(quota);
    if (!isAsked && !isShown) return NOTHING;
    const now = nowMs();
    let { coreSeconds, cpuCost, outputFiles, outputBytes } = usage.last24h(user, now);
    if (isAsked)
      for (const job of active.all()) {
        if (job.user !== user || job.startedAt === null) continue;
        coreSeconds += (Math.min(DAY_MS, now - job.startedAt) / 1000) * job.cores;
        cpuCost += job.cpuSeconds;
      }
    return {
      runningSecondsLast24h: coreSeconds,
      cpuCostLast24h: cpuCost,
      outputFilesLast24h: outputFiles,
      outputBytesLast24h: outputBytes,
    };
  }
}
