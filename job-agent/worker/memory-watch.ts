/** Watches this process's memory: a worker that outgrows its share of the batch slot goes before the site kills the slot. */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';

const LOOK_MS = 500;
/** No share is smaller: the runtime and one file's baskets must fit. */
const LEAST_BYTES = 512 * 1024 * 1024;

export function memoryShare({ memoryBytes, cores }: Pick<NodeFacts, 'memoryBytes' | 'cores'>): number {
  return Math.max(LEAST_BYTES, Math.floor(memoryBytes / cores));
}

/** Calls `onExceeded` once, when the resident memory is over `limit` bytes. */
export function watchMemory(clock: Clock, limit: number, onExceeded: (message: string) => void): void {
  const look = (): void => {
    const used = process.memoryUsage.rss();
    if (used <= limit) clock.after(LOOK_MS, look);
    else onExceeded(`The worker uses ${megabytes(used)} of memory; its share of the slot is ${megabytes(limit)}.`);
  };
  clock.after(LOOK_MS, look);
}
const megabytes = (nbytes: number): string => `${Math.round(nbytes / 1e6)} MB`;
