/** What the agents that serve offer at this moment. An agent's ad is made once; what moves in it is set anew at each look. */
import type { ClassAd } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Agent, AgentRegistry } from '../agent-registry.js';
import type { ActiveJobs } from './active-jobs.js';
import { agentAd, type SiteOffer, secondsLeft, setMoving } from './agent-ad.js';
import type { AgentOffer } from './matchmaker.js';

export class AgentOffers {
  readonly #registry: AgentRegistry;
  readonly #active: ActiveJobs;
  readonly #siteOf: (site: string) => SiteOffer;
  readonly #ads = new WeakMap<NodeFacts, ClassAd>();

  readonly #isBarred: (node: NodeFacts) => boolean;

  constructor(
    registry: AgentRegistry,
    active: ActiveJobs,
    of: { siteOf: (site: string) => SiteOffer; isBarred: (node: NodeFacts) => boolean },
  ) {
    this.#registry = registry;
    this.#active = active;
    this.#siteOf = of.siteOf;
    this.#isBarred = of.isBarred;
  }

  /** Of all that serve; `isFreeOnly`: of those that have a core to give. */
  list(nowMs: number, { isFreeOnly = false } = {}): AgentOffer[] {
    const found: AgentOffer[] = [];
    for (const agent of this.#registry.agents()) {
      if (!this.#serves(agent)) continue;
      const freeCores = this.freeCores(agent);
      if (freeCores > 0 || !isFreeOnly) found.push(this.#offer(agent, freeCores, nowMs));
    }
    return found;
  }

  #serves(agent: Agent): boolean {
    return agent.connected && agent.draining === null && !this.#isBarred(agent.node);
  }

  /** Cores that neither a session nor a payload uses. */
  freeCores(agent: Agent): number {
    return Math.max(0, agent.node.cores - sessionCores(agent) - this.#active.heldOn(agent.agentId).cores);
  }

  /** Can this agent take so many cores' worth of payload now? */
  hasRoom(agentId: string, cores: number): Agent | undefined {
    const agent = this.#registry.get(agentId);
    return agent !== undefined && this.#serves(agent) && this.freeCores(agent) >= cores ? agent : undefined;
  }

  #offer(agent: Agent, freeCores: number, nowMs: number): AgentOffer {
    const { agentId, node } = agent;
    let ad = this.#ads.get(node);
    if (ad === undefined) {
      ad = agentAd(node, this.#siteOf(node.site), agent.protocol);
      this.#ads.set(node, ad);
    }
    const ttlSeconds = secondsLeft(node, nowMs);
    const held = this.#active.heldOn(agentId);
    return {
      agentId,
      ad: setMoving(ad, { freeCores, ttlSeconds }),
      freeCores,
      freeMemoryBytes: node.memoryBytes - held.memoryBytes,
      freeDiskBytes: node.diskBytes - held.diskBytes,
      secondsLeft: ttlSeconds,
    };
  }
}

export const sessionCores = ({ workers }: Agent): number => {
  let cores = 0;
  for (const { sessionId } of workers.values()) if (sessionId !== null) cores++;
  return cores;
};
