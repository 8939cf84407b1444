/** What an agent offers to jobs, as an ad: the names that AliEn's Requirements use behind `other.`. Sizes in megabytes, TTL in seconds. */
import { type ClassAd, type Expr, makeAd, toExpr } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { PROTOCOL_VERSION, speaks } from '../../protocol/version.js';

/** What the configuration of a site adds to the facts of its nodes. */
export interface SiteOffer {
  /** `VO@Name::version`; each is also offered without its version. */
  readonly packages: readonly string[];
  readonly partitions: readonly string[];
  /** What the site asks of jobs; their ad is `other`. */
  readonly requirements: Expr | undefined;
}
export const NO_SITE_OFFER: SiteOffer = { packages: [], partitions: [], requirements: undefined };

/** An agent without an end of its slot says this: longer than any job. */
const FOR_EVER_S = 10 ** 9;
/** At the end of a slot, for saving and tidying up. */
const RESERVE_S = 60;
const MEGABYTE = 2 ** 20;

/** All that does not change while the agent lives; `setMoving` adds the rest. */
export function agentAd(
  node: NodeFacts,
  { packages, partitions, requirements }: SiteOffer = NO_SITE_OFFER,
  protocol = PROTOCOL_VERSION,
): ClassAd {
  return makeAd({
    Type: 'machine',
    Host: node.host,
    Site: node.site,
    CE: node.ce ?? node.site,
    CloseSE: node.closeSEs,
    Packages: [...new Set(packages.flatMap((name) => [name, name.split('::')[0]!]))],
    GridPartitions: partitions,
    CPUCores: node.cores,
    Memory: Math.floor(node.memoryBytes / MEGABYTE),
    LocalDiskSpace: Math.floor(node.diskBytes / MEGABYTE),
    Platform: node.platform,
    Perf: Math.round(node.perf),
    StoresOutputs: speaks(protocol, 'jobOutputs'),
    Requirements: requirements,
  });
}

export function setMoving(ad: ClassAd, { freeCores, ttlSeconds }: { freeCores: number; ttlSeconds: number }): ClassAd {
  ad.set('FreeCores', toExpr(freeCores));
  ad.set('TTL', toExpr(ttlSeconds));
  return ad;
}

export function secondsLeft({ wallTimeEnd }: NodeFacts, nowMs: number): number {
  return wallTimeEnd === null ? FOR_EVER_S : Math.max(0, Math.floor((wallTimeEnd - nowMs) / 1000) - RESERVE_S);
}
