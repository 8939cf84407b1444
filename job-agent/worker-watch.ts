/** Looks at the workers of sessions from outside, so that code which never yields, or hides in child processes, is seen as well. */
import type { Clock } from '../protocol/clock.js';
import { memoryOfTree } from '../protocol/process-id.js';
import { filesBelow } from './payload/stage.js';
import { limitPassed, type WorkerLimits } from './worker-limits.js';

export interface WorkerWatchOptions {
  readonly clock: Clock;
  readonly limits: WorkerLimits;
  /** Those that serve a session. */
  readonly workers: () => readonly {
    readonly workerId: string;
    readonly pid: number | null;
    readonly scratch: string;
  }[];
  readonly onPassed: (workerId: string, why: string) => void;
}

const LOOK_MS = 1_000;

/** @returns stops it */
export function watchWorkers({ clock, limits, workers, onPassed }: WorkerWatchOptions): () => void {
  let cancel = (): void => {};
  const look = (): void => {
    for (const { workerId, pid, scratch } of workers()) {
      const scratchBytes = filesBelow(scratch).reduce((sum, { size }) => sum + size, 0);
      const why = limitPassed({ memoryBytes: pid === null ? 0 : memoryOfTree(pid), scratchBytes }, limits);
      if (why !== undefined) onPassed(workerId, why);
    }
    cancel = clock.after(LOOK_MS, look);
  };
  cancel = clock.after(LOOK_MS, look);
  return () => cancel();
}
