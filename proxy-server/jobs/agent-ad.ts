/** What an agent offers to jobs, as an ad: the names that AliEn's Requirements use behind `other.`. Sizes in megabytes, TTL in seconds. */
import { type ClassAd, makeAd } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';

/** An agent without an end of its slot says this: longer than any job. */
const FOR_EVER_S = 10 ** 9;
/** At the end of a slot, for saving and tidying up. */
const RESERVE_S = 60;
const MEGABYTE = 2 ** 20;

export function agentAd(node: NodeFacts, { freeCores, nowMs }: { freeCores: number; nowMs: number }): ClassAd {
  return makeAd({
    Type: 'machine',
    Host: node.host,
    Site: node.site,
    CE: node.ce ?? node.site,
    CloseSE: node.closeSEs,
    // No package system and no partitions yet: jobs that ask for some wait, and the explanation says for what.
    Packages: [],
    GridPartitions: [],
    CPUCores: node.cores,
    FreeCores: freeCores,
    Memory: Math.floor(node.memoryBytes / MEGABYTE),
    LocalDiskSpace: Math.floor(node.diskBytes / MEGABYTE),
    TTL: secondsLeft(node, nowMs),
    Platform: node.platform,
    Perf: Math.round(node.perf),
  });
}

export function secondsLeft({ wallTimeEnd }: NodeFacts, nowMs: number): number {
  return wallTimeEnd === null ? FOR_EVER_S : Math.max(0, Math.floor((wallTimeEnd - nowMs) / 1000) - RESERVE_S);
}
