/**
 * What one worker process, with all that its user's code has started, may use of the slot; and when it has had enough, as a sentence. Pure.
 * The worker watches its own memory too and then reports its packet (worker/memory-watch.ts); this is for code that does not let it.
 */
import { memoryShare } from './worker/memory-watch.js';

export interface WorkerUsage {
  /** Resident memory of all its processes. */
  readonly memoryBytes: number;
  /** In its scratch directory. */
  readonly scratchBytes: number;
}

export interface WorkerLimits extends WorkerUsage {}

/** Memory: over the worker's own limit, which it gets a chance to tell of. */
const MEMORY_TOLERANCE = 1.25;

export function workerLimits(node: { memoryBytes: number; cores: number; diskBytes: number }): WorkerLimits {
  return {
    memoryBytes: memoryShare(node) * MEMORY_TOLERANCE,
    scratchBytes: Math.floor((node.diskBytes * 0.9) / node.cores),
  };
}

export function limitPassed(usage: WorkerUsage, limits: WorkerLimits): string | undefined {
  if (usage.memoryBytes > limits.memoryBytes)
    return `it uses ${megabytes(usage.memoryBytes)} of memory with all that it started; ${megabytes(limits.memoryBytes)} are its share of the slot`;
  if (usage.scratchBytes > limits.scratchBytes)
    return `it wrote ${megabytes(usage.scratchBytes)} to its scratch directory; ${megabytes(limits.scratchBytes)} are its share of the disk`;
  return undefined;
}
const megabytes = (nbytes: number): string => `${Math.round(nbytes / 1e6)} MB`;
