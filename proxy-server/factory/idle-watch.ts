/** Since when each agent has been idle: no worker with a session, no batch job. Looked at whenever either may have changed. */
import type { Agent } from '../agent-registry.js';

export class IdleWatch {
  /** Agent id -> since, ms. */
  readonly #since = new Map<string, number>();

  look(agents: readonly Agent[], hasJobs: (agentId: string) => boolean, nowMs: number): void {
    const present = new Set<string>();
    for (const { agentId, workers } of agents) {
      present.add(agentId);
      const isBusy = hasJobs(agentId) || [...workers.values()].some(({ sessionId }) => sessionId !== null);
      if (isBusy) this.#since.delete(agentId);
      else if (!this.#since.has(agentId)) this.#since.set(agentId, nowMs);
    }
    for (const agentId of this.#since.keys()) if (!present.has(agentId)) this.#since.delete(agentId);
  }

  /** Idle since then or longer, those that are so for longest first. */
  idleSince(ms: number): string[] {
    return [...this.#since]
      .filter(([, since]) => since <= ms)
      .sort(([, a], [, b]) => a - b)
      .map(([agentId]) => agentId);
  }
}
