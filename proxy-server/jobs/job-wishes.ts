/**
 * Where new agents would help jobs that wait: by what they want, the cores, and the sites whose agents would take them. Pure.
 */
import type { Surroundings } from '../../jdl/index.js';
import type { Wish } from '../factory/demand.js';
import { type AgentOffer, wouldMatch } from './matchmaker.js';
import type { Line } from './waiting-queue.js';

/** A site, and what an agent that starts there now would offer. */
export interface SiteProspect {
  readonly site: string;
  readonly offer: AgentOffer;
}

export interface WaitingJobs {
  readonly lines: readonly Line[];
  /** Agents that may still get some of them, because the matchmaker has not looked since they came; else none. */
  readonly open: readonly AgentOffer[];
}

export function jobWishes(
  { lines, open }: WaitingJobs,
  prospects: readonly SiteProspect[],
  surroundings: Surroundings,
): Wish[] {
  const free = new Map(open.map(({ agentId, freeCores }) => [agentId, freeCores]));
  // Jobs that want the same sites are one wish: it is told in one clause.
  const bySites = new Map<string, { sites: string[]; n: number; cores: number }>();
  for (const { wants, jobIds } of lines) {
    let n = jobIds.length;
    for (const offer of open) {
      const taken = Math.min(n, Math.floor(free.get(offer.agentId)! / wants.cores));
      if (taken <= 0 || !wouldMatch(wants, offer, surroundings)) continue;
      n -= taken;
      free.set(offer.agentId, free.get(offer.agentId)! - taken * wants.cores);
    }
    const sites = n === 0 ? [] : prospects.filter(({ offer }) => wouldMatch(wants, offer, surroundings));
    if (sites.length === 0) continue;
    const names = sites.map(({ site }) => site);
    const key = names.join(' ');
    const found = bySites.get(key) ?? { sites: names, n: 0, cores: 0 };
    bySites.set(key, { sites: names, n: found.n + n, cores: found.cores + n * wants.cores });
  }
  return [...bySites.values()].map(({ sites, n, cores }) => ({
    who: `for ${n} waiting job${n === 1 ? '' : 's'}`,
    cores,
    tiers: [sites],
    isStanding: false,
  }));
}
