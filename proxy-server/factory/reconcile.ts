/**
 * Jobs that a batch system holds under the names of pilots, against the pilots that are known. Pure.
 *
 * unknown: handed over by a server that died before it had heard the batch id: the pilot is found again. doubled: two jobs of one
 * pilot, of which the second one would find its secret used. lost to us: a job of a pilot that was given up. Names that are not known
 * at all may be another ProxyServer's, and are left alone.
 */
import type { PilotState } from '../../protocol/api.js';

export interface HeldJob {
  readonly batchId: string;
  readonly pilotId: string;
  /** It still waits for files of whoever submitted it, who may be dead: no pilot is found in it again. */
  readonly isUnfinished?: boolean;
}

export interface KnownPilot {
  readonly state: PilotState;
  readonly batchId: string | null;
}

export interface Reconciliation {
  readonly adopt: readonly HeldJob[];
  readonly cancel: readonly (HeldJob & { readonly why: string })[];
}

export function reconcile(
  jobs: readonly HeldJob[],
  pilotOf: (pilotId: string) => KnownPilot | undefined,
): Reconciliation {
  const adopt: HeldJob[] = [];
  const cancel: (HeldJob & { why: string })[] = [];
  const taken = new Set<string>();
  for (const job of jobs) {
    const pilot = pilotOf(job.pilotId);
    if (pilot === undefined) continue;
    if (pilot.state === 'gone') cancel.push({ ...job, why: 'its pilot was given up' });
    else if (pilot.batchId === null && job.isUnfinished === true) continue;
    else if (pilot.batchId === null && !taken.has(job.pilotId)) {
      adopt.push(job);
      taken.add(job.pilotId);
    } else if (pilot.batchId !== job.batchId) cancel.push({ ...job, why: 'its pilot has another job' });
  }
  return { adopt, cancel };
}
