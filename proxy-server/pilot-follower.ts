/** Tells the pilots' records what the registry shows of their agents: at work, idle, draining. Only news are written. */
import type { Logger } from '../protocol/log.js';
import type { AgentRegistry } from './agent-registry.js';
import { type PilotEvent, useOf } from './factory/pilot-states.js';
import type { PilotStore } from './pilot-store.js';
import { surviving } from './state-db.js';

export class PilotFollower {
  readonly #registry: AgentRegistry;
  readonly #pilots: PilotStore;
  readonly #log: Logger;
  readonly #payloadCores: (agentId: string) => number;
  readonly #told = new Map<string, PilotEvent>();
  #isDue = false;

  constructor(
    registry: AgentRegistry,
    pilots: PilotStore,
    { log, payloadCores }: { log: Logger; payloadCores: (agentId: string) => number },
  ) {
    this.#log = log;
    this.#payloadCores = payloadCores;
    this.#registry = registry;
    this.#pilots = pilots;
  }

  look(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      surviving(this.#log, () => this.#follow());
    });
  }

  #follow(): void {
    const present = new Set<string>();
    for (const agent of this.#registry.agents()) {
      if (agent.pilotId === null) continue;
      present.add(agent.pilotId);
      const event = useOf({
        isDraining: agent.draining !== null,
        sessionCores: [...agent.workers.values()].filter((worker) => worker.sessionId !== null).length,
        payloadCores: this.#payloadCores(agent.agentId),
      });
      if (this.#told.get(agent.pilotId) === event) continue;
      this.#pilots.move(agent.pilotId, event, agent.draining === null ? {} : { why: agent.draining });
      this.#told.set(agent.pilotId, event);
    }
    for (const pilotId of this.#told.keys()) if (!present.has(pilotId)) this.#told.delete(pilotId);
  }
}
