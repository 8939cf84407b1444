/** When a payload has had enough: the limit that it is over, as a sentence. Pure. */
import type { JobOrder, PayloadEnd } from '../../protocol/job-messages.js';

export interface Usage {
  /** Without the time that it was suspended. */
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const megabytes = (nbytes: number): string => `${Math.round(nbytes / 2 ** 20)} MB`;

export function limitReached(
  usage: Usage,
  limits: Pick<JobOrder, 'ttlSeconds' | 'cores' | 'memoryBytes' | 'diskBytes'>,
): { outcome: PayloadEnd['outcome']; why: string } | undefined {
  const { ttlSeconds, cores, memoryBytes, diskBytes } = limits;
  if (usage.wallSeconds > ttlSeconds)
    return { outcome: 'expired', why: `it ran longer than its TTL of ${ttlSeconds} s` };
  const cpuLimit = ttlSeconds * Math.max(1, cores);
  if (usage.cpuSeconds > cpuLimit)
    return {
      outcome: 'expired',
      why: `it used more CPU time than ${cpuLimit} s, its TTL on ${Math.max(1, cores)} cores`,
    };
  if (usage.memoryBytes > memoryBytes)
    return {
      outcome: 'failed',
      why: `it used ${megabytes(usage.memoryBytes)} of memory, more than its MemorySize of ${megabytes(memoryBytes)}`,
    };
  if (usage.diskBytes > diskBytes)
    return {
      outcome: 'failed',
      why: `it wrote ${megabytes(usage.diskBytes)} to its directory, more than its WorkDirectorySize of ${megabytes(diskBytes)}`,
    };
  return undefined;
}
