/** What the factory is told of jobs that wait: which new agents would help them. The reckoning is job-wishes.ts. */
import type { Surroundings } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Wish } from '../factory/demand.js';
import { agentAd, type SiteOffer, secondsLeft, setMoving } from './agent-ad.js';
import type { AgentOffers } from './agent-offers.js';
import { jobWishes, type SiteProspect } from './job-wishes.js';
import type { UserStanding } from './user-standing.js';
import type { WaitingQueue } from './waiting-queue.js';

export interface JobDemandOptions {
  readonly queue: WaitingQueue;
  readonly offers: AgentOffers;
  readonly standing: UserStanding;
  readonly surroundings: Surroundings;
  readonly siteOf: (site: string) => SiteOffer;
  readonly coresOf: () => ReadonlyMap<string, number>;
  /** Has the matchmaker seen everything? */
  readonly isSettled: () => boolean;
  /** The demand has changed. */
  readonly onChange: () => void;
}

export class JobDemand {
  readonly #options: JobDemandOptions;
  /** How many waited when somebody last heard; NaN: it was asked in the middle of a round. */
  #told = 0;

  constructor(options: JobDemandOptions) {
    this.#options = options;
  }

  /** The matchmaker is done for now. */
  roundOver(): void {
    const { queue, onChange } = this.#options;
    if (queue.size === this.#told) return;
    this.#told = queue.size;
    onChange();
  }

  /** @param nodes what an agent that starts now at each site would be */
  wishes(nodes: readonly NodeFacts[]): Wish[] {
    const { queue, offers, standing, surroundings, coresOf, isSettled } = this.#options;
    const settled = isSettled();
    this.#told = settled ? queue.size : Number.NaN;
    if (queue.size === 0) return [];
    const priorityOf = standing.priorities();
    const cores = coresOf();
    // Of a user whose quota is used up nothing is given out, wherever there is room.
    const lines = queue.lines().filter(({ user }) => priorityOf(user, cores.get(user) ?? 0) > 0);
    const open = settled ? [] : offers.list(surroundings.now(), { isFreeOnly: true });
    return jobWishes(
      { lines, open },
      nodes.map((node) => this.#prospect(node)),
      surroundings,
    );
  }

  #prospect(node: NodeFacts): SiteProspect {
    const { siteOf, surroundings } = this.#options;
    const ttlSeconds = secondsLeft(node, surroundings.now());
    return {
      site: node.site,
      offer: {
        agentId: node.site,
        ad: setMoving(agentAd(node, siteOf(node.site)), { freeCores: node.cores, ttlSeconds }),
        freeCores: node.cores,
        freeMemoryBytes: node.memoryBytes,
        freeDiskBytes: node.diskBytes,
        secondsLeft: ttlSeconds,
      },
    };
  }
}
