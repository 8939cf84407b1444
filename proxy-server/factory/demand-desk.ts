/**
 * Gathers what the factory should follow: workers that sessions lack, jobs that wait, what was asked for ahead (requests).
 * It keeps nothing but what nodes of a site have shown, so that a job which no node there could take is not followed for ever.
 */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Agent } from '../agent-registry.js';
import type { SiteConfig } from '../config.js';
import type { Pilot } from '../pilot-store.js';
import type { BackOffState } from './back-off.js';
import { NO_DEMAND, type SiteDemand, type SiteRoom, shareDemand, type Wish } from './demand.js';
import { WAITING_STATES } from './pilot-states.js';

export interface DemandDeskOptions {
  readonly sites: readonly SiteConfig[];
  readonly agents: () => readonly Agent[];
  readonly livePilots: () => readonly Pilot[];
  readonly backOff: (site: string) => BackOffState;
  /** An operator has closed it. */
  readonly isBanned: (site: string) => boolean;
  /** Workers that sessions would use beyond those that exist. */
  readonly sessionsWant: () => number;
  /** Cores that would help jobs which wait, where agents of these nodes would come. */
  readonly jobsWant: (nodes: readonly NodeFacts[]) => readonly Wish[];
  readonly requests: () => readonly Wish[];
  readonly nowMs: () => number;
}

/** Of a node that nobody has seen yet: as much as a job may ask for. */
const UNSEEN_BYTES = 2 ** 50;

export class DemandDesk {
  readonly #options: DemandDeskOptions;
  readonly #seen = new Map<string, NodeFacts>();

  constructor(options: DemandDeskOptions) {
    this.#options = options;
  }

  of(site: string): SiteDemand {
    const { agents, sessionsWant, requests } = this.#options;
    const sites = this.#open();
    for (const { node } of agents()) this.#see(node);
    const everywhere = [sites.map(({ name }) => name)];
    const unmet = sessionsWant();
    const wishes: Wish[] = [...requests(), ...this.#jobs()];
    if (unmet > 0) wishes.push({ who: 'for sessions', cores: unmet, tiers: everywhere, isStanding: false });
    return shareDemand(this.#withoutThoseComingBack(wishes), this.#rooms()).get(site) ?? NO_DEMAND;
  }

  /** After a restart of this server sessions lack the workers of agents that have not dialled again yet: these are no reason for more pilots. */
  #withoutThoseComingBack(wishes: readonly Wish[]): Wish[] {
    const here = new Set(this.#options.agents().map(({ agentId }) => agentId));
    let away = this.#options
      .livePilots()
      .filter(({ agentId, state }) => agentId !== null && state !== 'draining' && !here.has(agentId))
      .reduce((sum, { cores }) => sum + (cores ?? 1), 0);
    return wishes.map((wish) => {
      const met = wish.isStanding ? 0 : Math.min(away, wish.cores);
      away -= met;
      return { ...wish, cores: wish.cores - met };
    });
  }

  #open(): SiteConfig[] {
    const { sites, isBanned } = this.#options;
    return sites.filter(({ name, max }) => max > 0 && !isBanned(name));
  }

  #rooms(): SiteRoom[] {
    const { livePilots, backOff, nowMs } = this.#options;
    const live = livePilots();
    const now = nowMs();
    return this.#open().map(({ name, cores, max, staleQueueS }) => {
      const own = live.filter((pilot) => pilot.site === name);
      const waiting = own.filter(({ state }) => WAITING_STATES.includes(state));
      const stale = waiting.filter(
        ({ startedAt, submittedAt }) => startedAt === null && now - submittedAt > staleQueueS * 1000,
      ).length;
      const draining = own.filter(({ state }) => state === 'draining').length;
      const { until } = backOff(name);
      return {
        name,
        coresPerPilot: cores,
        waiting: waiting.length - stale,
        serving: own.length - waiting.length - draining,
        addable: max - own.length,
        isPaused: stale > 0 || (until !== null && until > now),
      };
    });
  }

  #jobs(): readonly Wish[] {
    return this.#options.jobsWant(this.#open().map((site) => this.#prospect(site)));
  }

  #prospect({ name, storageDomain, closeSEs, cores, perf, ttlS }: SiteConfig): NodeFacts {
    const seen = this.#seen.get(name);
    return {
      host: seen?.host ?? 'unknown',
      ce: seen?.ce ?? null,
      memoryBytes: seen?.memoryBytes ?? UNSEEN_BYTES,
      diskBytes: seen?.diskBytes ?? UNSEEN_BYTES,
      platform: seen?.platform ?? `${process.platform}-${process.arch}`,
      nodeVersion: process.version,
      wallTimeEnd: this.#options.nowMs() + ttlS * 1000,
      ...{ site: name, storageDomain, closeSEs, cores, perf },
    };
  }

  /** The largest memory and disk count, maybe of two nodes. */
  #see(node: NodeFacts): void {
    const seen = this.#seen.get(node.site);
    if (seen === undefined) this.#seen.set(node.site, node);
    else if (node.memoryBytes > seen.memoryBytes || node.diskBytes > seen.diskBytes)
      this.#seen.set(node.site, {
        ...node,
        memoryBytes: Math.max(node.memoryBytes, seen.memoryBytes),
        diskBytes: Math.max(node.diskBytes, seen.diskBytes),
      });
  }
}
