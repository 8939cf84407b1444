/**
 * What users may have and who goes first. Pure.
 *
 * As AliEn's: computedPriority = 50 · (2 − running / maxParallel) · priority while a user runs on fewer cores than maxParallel, else 1, and
 * never below 1. So among users of equal priority the one with the fewest cores in use is next: their shares become equal.
 * More jobs are refused (submit, split, resubmit) when unfinished ones would be more than maxUnfinished, or when running time, CPU cost or outputs of
 * the last 24 hours have reached their maximum; in the latter case waiting jobs are not given out either until the day has moved on.
 * Source: AliEn, Service/Optimizer/Job/Priority.pm, and JAliEn's quotas.
 */
import { z } from 'zod';
import { GridError } from '../../protocol/errors.js';

const shape = z.strictObject({
  /** Weight against other users. */
  priority: z.number().positive().max(1_000_000),
  /** Cores; beyond them a user's jobs run only where nobody else's wait. */
  maxParallelCores: z.number().int().min(1).max(10_000_000),
  maxUnfinished: z.number().int().min(0).max(10_000_000).nullable(),
  /** Core seconds of the last 24 hours. */
  maxRunningSeconds: z.number().min(0).nullable(),
  /** CPU seconds at nominal speed of the last 24 hours. */
  maxCpuCost: z.number().min(0).nullable(),
  /** Of outputs that jobs wrote in the last 24 hours. */
  maxOutputFiles: z.number().int().min(0).nullable(),
  maxOutputBytes: z.number().min(0).nullable(),
});
export type Quota = z.infer<typeof shape>;

export const EVERYBODYS: Quota = {
  priority: 1,
  maxParallelCores: 1000,
  maxUnfinished: 20_000,
  maxRunningSeconds: null,
  maxCpuCost: null,
  maxOutputFiles: null,
  maxOutputBytes: null,
};
const differences = shape.partial().default({});

/** `quotas:` of the configuration: `default` for everybody, and what differs for some. */
export const quotasShape = z
  .strictObject({ default: differences, users: z.record(z.string().min(1), shape.partial()).default({}) })
  .default({ default: {}, users: {} });
export type Quotas = z.infer<typeof quotasShape>;

/** The user has, or has used, as much as one may. */
export class JobQuotaError extends GridError {
  readonly code = 'PROXY_JOB_QUOTA';
}

/** What a user has and has used. */
export interface Usage extends Used {
  readonly unfinished: number;
}
/** In the last day. */
export interface Used {
  readonly runningSecondsLast24h: number;
  readonly cpuCostLast24h: number;
  readonly outputFilesLast24h: number;
  readonly outputBytesLast24h: number;
}

export function quotaOf(quotas: Quotas, user: string): Quota {
  const own = Object.hasOwn(quotas.users, user) ? quotas.users[user]! : {};
  return { ...EVERYBODYS, ...known(quotas.default), ...known(own) };
}

/** Without keys that are there but undefined. */
function known(given: Quotas['default']): Partial<Quota> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function computedPriority({ priority, maxParallelCores }: Quota, runningCores: number): number {
  if (runningCores >= maxParallelCores) return 1;
  return Math.max(1, 50 * (2 - runningCores / maxParallelCores) * priority);
}

/** What may be used up: the maximum, what counts against it, and how that reads. */
const DAILY: readonly {
  readonly most: (quota: Quota) => number | null;
  readonly used: (usage: Used) => number;
  readonly says: (used: number) => string;
}[] = [
  {
    most: ({ maxRunningSeconds }) => maxRunningSeconds,
    used: ({ runningSecondsLast24h }) => runningSecondsLast24h,
    says: (used) => `${Math.round(used)} core seconds`,
  },
  {
    most: ({ maxCpuCost }) => maxCpuCost,
    used: ({ cpuCostLast24h }) => cpuCostLast24h,
    says: (used) => `a CPU cost of ${Math.round(used)} s`,
  },
  {
    most: ({ maxOutputFiles }) => maxOutputFiles,
    used: ({ outputFilesLast24h }) => outputFilesLast24h,
    says: (used) => `${used} files of output`,
  },
  {
    most: ({ maxOutputBytes }) => maxOutputBytes,
    used: ({ outputBytesLast24h }) => outputBytesLast24h,
    says: (used) => `${used} bytes of output`,
  },
];

/** Is there anything to be used up? */
export const hasDailyLimit = (quota: Quota): boolean => DAILY.some(({ most }) => most(quota) !== null);

/** Why nothing more of a user runs at present; undefined where it may. */
export function spentReason(quota: Quota, usage: Used): string | undefined {
  for (const { most, used, says } of DAILY) {
    const limit = most(quota);
    if (limit !== null && used(usage) >= limit)
      return `${says(used(usage))} in the last 24 h, of ${limit} that one may use`;
  }
  return undefined;
}

/** @throws {JobQuotaError} `more` jobs are too many */
export function checkQuota(user: string, more: number, { quota, usage }: { quota: Quota; usage: Usage }): void {
  const { maxUnfinished } = quota;
  if (maxUnfinished !== null && usage.unfinished + more > maxUnfinished)
    throw new JobQuotaError(
      `${user} has ${usage.unfinished} unfinished jobs; ${more} more would be over the quota of ${maxUnfinished}. Wait, or kill some.`,
    );
  const spent = spentReason(quota, usage);
  if (spent !== undefined)
    throw new JobQuotaError(`${user} has used up a quota: ${spent}. Wait; "proof quota" shows it.`);
}
