/**
 * What follows when an agent is lost, does not come back after a restart, or finds its node unfit: its jobs go back to the queue, its pilot is
 * ended, and its site is looked at, so that another takes its place.
 */
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import type { AgentDoor } from './agent-door.js';
import type { Agent, AgentRegistry } from './agent-registry.js';
import type { AgentStore, OpenAgent } from './agent-store.js';
import type { FactoryService } from './factory/factory-service.js';
import type { JobRunner } from './jobs/job-runner.js';
import type { NodeFiles } from './node-files.js';

export interface AgentLossesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeatMs: number;
  readonly registry: AgentRegistry;
  readonly agents: AgentStore;
  readonly factory: Pick<FactoryService, 'pilots' | 'keepers' | 'look'>;
  readonly jobs: JobRunner;
  readonly door: AgentDoor;
  readonly nodeFiles: NodeFiles;
}

const NOT_BACK = 'its agent did not come back after a restart of the ProxyServer';
/** A dialler's pauses may be long by the time the next ProxyServer is there: as long as it waits at most. */
const LONGEST_DIAL_PAUSE_MS = 15_000;

export class AgentLosses {
  readonly #options: AgentLossesOptions;

  constructor(options: AgentLossesOptions) {
    this.#options = options;
  }

  /** The registry gave it up. */
  lost(agent: Agent, because: string): void {
    const { log, door, jobs, factory } = this.#options;
    log.warn('agent lost', { agentId: agent.agentId, pilotId: agent.pilotId, because });
    door.forget(agent.agentId, because);
    jobs.agentLost(agent.agentId, because);
    this.#options.nodeFiles.gone(agent.agentId);
    if (agent.pilotId !== null) void this.#endPilot(agent.pilotId, because);
    factory.look(agent.node.site);
  }

  unfit(site: string, agentId: string, reasons: readonly string[]): void {
    const { log, registry, factory } = this.#options;
    log.warn('a node is not fit', { agentId, site, reasons });
    factory.keepers.get(site)?.failed(`unfit node ${registry.get(agentId)?.node.host ?? ''}: ${reasons.join(' ')}`);
    factory.look(site);
  }

  /** An agent that had not ended when the last ProxyServer did has three heartbeats to come back, or as long as it said that it takes. */
  expectBack({ agentId, returnsWithinMs }: OpenAgent): void {
    const { clock, heartbeatMs, registry, agents, jobs, factory } = this.#options;
    clock.after(Math.max(LONGEST_DIAL_PAUSE_MS, 3 * heartbeatMs, returnsWithinMs), () => {
      if (registry.get(agentId) !== undefined) return;
      const open = agents.open().find((agent) => agent.agentId === agentId);
      if (open === undefined) return;
      agents.end(agentId, 'it did not come back', clock.date().getTime());
      jobs.agentLost(agentId, NOT_BACK);
      this.#options.nodeFiles.gone(agentId);
      if (open.pilotId !== null) void this.#endPilot(open.pilotId, NOT_BACK);
      factory.look();
    });
  }

  /** Its agent is given up: the slot must not go on without us knowing. */
  async #endPilot(pilotId: string, because: string): Promise<void> {
    const { factory, clock, log } = this.#options;
    const { pilots, keepers } = factory;
    const pilot = pilots.get(pilotId);
    const keeper = keepers.get(pilot?.site ?? '');
    if (pilot === undefined || pilot.state === 'gone') return;
    pilots.move(pilotId, 'end', { endedAt: clock.date().getTime(), why: because });
    if (keeper === undefined || pilot.batchId === null) return;
    try {
      await keeper.site.cancel([pilot.batchId]);
    } catch (error) {
      log.warn(`a pilot could not be cancelled: ${(error as Error).message}`, { pilotId });
    }
  }
}
