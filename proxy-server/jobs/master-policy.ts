/**
 * What a master's description says about failures of its sub-jobs, and what follows at a failure. Pure.
 *
 * MasterResubmitThreshold: when more sub-jobs than so many (or than so many percent) have failed, those that ResubmitType names are given to
 * the queue again; each so often at most. MaxFailed: when more have failed for good, those that still wait are not run; MaxInitFailed: the same
 * as long as none is DONE.
 * Source: AliEn, Service/Optimizer/Job/ (Resubmission, Monitor); JAliEn's resubmit types.
 */
import { type JobDescription, type Threshold, thresholdCount } from '../../jdl/index.js';
import type { JobState } from '../../protocol/job-messages.js';

export interface MasterPolicy {
  readonly resubmitAbove: Threshold | undefined;
  readonly resubmitStates: readonly JobState[];
  /** How often one sub-job is given to the queue again. */
  readonly mostResubmissions: number;
  readonly maxFailed: Threshold | undefined;
  readonly maxInitFailed: Threshold | undefined;
  /** Outputs of its sub-jobs are merged at the end. */
  readonly merges: boolean;
}

export interface FailedPart {
  readonly jobId: number;
  readonly state: JobState;
  readonly resubmissions: number;
}

export interface MasterDecision {
  /** Sub-jobs that go back to the queue. */
  readonly resubmit: readonly number[];
  /** Why those that wait are not to run; undefined: they may. */
  readonly stop: string | undefined;
}

/** What is no fault of the program. */
export const SYSTEM_FAILURES: readonly JobState[] = ['EXPIRED', 'ERROR_A', 'ERROR_IB', 'ERROR_E', 'ERROR_SV'];
export const FAILURES: readonly JobState[] = [...SYSTEM_FAILURES, 'ERROR_V', 'ERROR_EW'];
const DEFAULT_RESUBMISSIONS = 3;

export function masterPolicy(description: JobDescription): MasterPolicy {
  const { masterResubmitThreshold, resubmitTypes, retries, maxFailed, maxInitFailed } = description;
  const { merges, mergeCollections } = description;
  return {
    resubmitAbove: masterResubmitThreshold,
    resubmitStates: statesOf(resubmitTypes),
    mostResubmissions: retries > 0 ? retries : DEFAULT_RESUBMISSIONS,
    maxFailed,
    maxInitFailed,
    merges: merges.length + mergeCollections.length > 0,
  };
}

/** `system`, `all`, or states; `system` where nothing is said. */
function statesOf(types: readonly string[]): JobState[] {
  const words = types.length > 0 ? types.map((type) => type.toLowerCase()) : ['system'];
  return FAILURES.filter((state) =>
    words.some(
      (word) =>
        word === state.toLowerCase() ||
        (word === 'system' && SYSTEM_FAILURES.includes(state)) ||
        (word === 'all' && state !== 'ERROR_EW'),
    ),
  );
}

export const mayActOnFailure = ({ resubmitAbove, maxFailed, maxInitFailed }: MasterPolicy): boolean =>
  resubmitAbove !== undefined || maxFailed !== undefined || maxInitFailed !== undefined;

export function decideMaster(
  policy: MasterPolicy,
  { total, done, failed }: { total: number; done: number; failed: readonly FailedPart[] },
): MasterDecision {
  const isAbove = (threshold: Threshold | undefined, n: number): boolean =>
    threshold !== undefined && n > thresholdCount(threshold, total);
  const resubmit = isAbove(policy.resubmitAbove, failed.length)
    ? failed
        .filter(
          ({ state, resubmissions }) =>
            policy.resubmitStates.includes(state) && resubmissions < policy.mostResubmissions,
        )
        .map(({ jobId }) => jobId)
    : [];
  const forGood = failed.length - resubmit.length;
  if (isAbove(policy.maxFailed, forGood)) return { resubmit, stop: `${forGood} sub-jobs failed, more than MaxFailed` };
  if (done === 0 && isAbove(policy.maxInitFailed, forGood))
    return { resubmit, stop: `${forGood} sub-jobs failed before any was DONE, more than MaxInitFailed` };
  return { resubmit, stop: undefined };
}
