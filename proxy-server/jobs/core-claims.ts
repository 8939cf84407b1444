/** Which cores of agents are not for sessions, since payloads keep them: on sites that decline, and where a payload was suspended for as long as it may be. */
import type { BatchPolicy } from '../../protocol/job-messages.js';
import type { AgentRegistry, PoolWorker } from '../agent-registry.js';
import type { ActiveJobs } from './active-jobs.js';
import { sessionCores } from './agent-offers.js';

export interface CoreClaimsOptions {
  readonly registry: AgentRegistry;
  readonly active: ActiveJobs;
  readonly policyOf: (site: string) => BatchPolicy;
}

export class CoreClaims {
  readonly #options: CoreClaimsOptions;
  /** Jobs that want their cores back from sessions, until they end. */
  readonly #insisting = new Set<number>();

  constructor(options: CoreClaimsOptions) {
    this.#options = options;
  }

  /** @returns false where it was known */
  insist(jobId: number): boolean {
    if (this.#insisting.has(jobId)) return false;
    this.#insisting.add(jobId);
    return true;
  }
  forget(jobId: number): void {
    this.#insisting.delete(jobId);
  }

  /** Cores of all payloads, suspended ones too. */
  heldOn(agentId: string): number {
    return this.#options.active.heldOn(agentId).cores;
  }
  /** Cores of payloads that insist. */
  on(agentId: string): number {
    if (this.#insisting.size === 0) return 0;
    const jobs = this.#options.active.on(agentId);
    return jobs.reduce((sum, { jobId, cores }) => sum + (this.#insisting.has(jobId) ? cores : 0), 0);
  }

  forSessions(free: readonly PoolWorker[]): PoolWorker[] {
    const { registry, active, policyOf } = this.#options;
    const room = new Map<string, number>();
    return free.filter(({ agentId }) => {
      const agent = registry.get(agentId);
      if (agent === undefined) return true;
      const kept = policyOf(agent.node.site) === 'decline' ? active.heldOn(agentId).cores : this.on(agentId);
      if (kept === 0) return true;
      const left = room.get(agentId) ?? agent.node.cores - sessionCores(agent) - kept;
      room.set(agentId, left - 1);
      return left > 0;
    });
  }
}
