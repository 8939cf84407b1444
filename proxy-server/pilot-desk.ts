/** Pilots, workers and sites for whoever asks; submission and cancellation by hand. */
import type { z } from 'zod';
import type { NodeFacts, ToAgentMessage } from '../protocol/agent-messages.js';
import type { CopyState, newPilots, PilotInfo, SiteExplanation, SiteInfo, WorkerInfo } from '../protocol/api.js';
import { pilotState } from '../protocol/api.js';
import { GridError } from '../protocol/errors.js';
import { didYouMean } from '../protocol/nearest.js';
import type { Identity } from '../protocol/tokens.js';
import { speaks } from '../protocol/version.js';
import type { Agent, AgentRegistry } from './agent-registry.js';
import { may } from './authorization.js';
import type { PilotKeeper } from './factory/pilot-keeper.js';
import { PILOT_MOVES, useOf } from './factory/pilot-states.js';
import { readPilotJdl } from './factory/read-pilot-jdl.js';
import type { Pilot, PilotStore } from './pilot-store.js';
import type { Sessions } from './sessions.js';
import { SiteError } from './sites/site.js';

export class NoSuchSiteError extends GridError {
  readonly code = 'PROXY_NO_SUCH_SITE';
}
export class NoSuchPilotError extends GridError {
  readonly code = 'PROXY_NO_SUCH_PILOT';
}

export interface PilotDeskOptions {
  readonly keepers: ReadonlyMap<string, PilotKeeper>;
  readonly pilots: PilotStore;
  readonly registry: AgentRegistry;
  readonly sessions: Sessions;
  /** Of files to that site's storage element. */
  readonly copies: (site: string) => CopyState[];
  /** Why a node gets no batch jobs at present; null: it does. */
  readonly barOf: (node: NodeFacts) => string | null;
  /** Cores of an agent that payloads hold. */
  readonly payloadCores: (agentId: string) => number;
  readonly tell: (agentId: string, message: ToAgentMessage) => void;
  /** What a pilot brought by itself; else ''. */
  readonly sentLog: (pilotId: string) => Promise<string>;
  readonly nowMs: () => number;
}

export class PilotDesk {
  readonly #options: PilotDeskOptions;
  constructor(options: PilotDeskOptions) {
    this.#options = options;
  }

  /** Those of the factory, and agents that were started by hand under their own ids. */
  pilots(sinceMs: number): PilotInfo[] {
    const { pilots, registry } = this.#options;
    const fromFactory = pilots.since(sinceMs).map((pilot): PilotInfo => {
      const { startedAt: _startedAt, ...rest } = pilot;
      const agent = pilot.agentId === null ? undefined : registry.get(pilot.agentId);
      const why = rest.why ?? (agent === undefined ? null : (this.#options.barOf(agent.node) ?? unheard(agent)));
      return { ...rest, why, workers: agent?.workers.size ?? 0, isolation: agent?.node.isolation ?? null };
    });
    const byHand = registry
      .agents()
      .filter((agent) => agent.pilotId === null)
      .map(
        (agent): PilotInfo => ({
          pilotId: agent.agentId,
          site: agent.node.site,
          state: this.#stateByHand(agent),
          batchId: null,
          agentId: agent.agentId,
          host: agent.node.host,
          cores: agent.node.cores,
          workers: agent.workers.size,
          submittedAt: agent.joinedAt,
          registeredAt: agent.joinedAt,
          endedAt: null,
          wallTimeEnd: agent.node.wallTimeEnd,
          why: agent.draining ?? this.#options.barOf(agent.node) ?? unheard(agent) ?? 'started by hand',
          isolation: agent.node.isolation ?? null,
        }),
      );
    return [...fromFactory, ...byHand];
  }

  #stateByHand({ agentId, draining, workers }: Agent): PilotInfo['state'] {
    const use = useOf({
      isDraining: draining !== null,
      sessionCores: [...workers.values()].filter((worker) => worker.sessionId !== null).length,
      payloadCores: this.#options.payloadCores(agentId),
    });
    return PILOT_MOVES.idle[use] ?? 'idle';
  }

  /** Whose session holds one is for those who may list sessions. */
  workers(identity: Identity): WorkerInfo[] {
    const { registry, sessions } = this.#options;
    const holderOf = (sessionId: string | null): Pick<WorkerInfo, 'sessionId' | 'user'> => {
      const user = sessionId === null ? null : (sessions.find(sessionId)?.record.user ?? null);
      return may(identity, 'session.list', user) ? { sessionId, user } : { sessionId: null, user: null };
    };
    return registry.agents().flatMap((agent) =>
      [...agent.workers.values()].map((worker) => ({
        workerId: worker.workerId,
        agentId: agent.agentId,
        pilotId: agent.pilotId,
        phase: worker.phase,
        pid: worker.pid,
        ...holderOf(worker.sessionId),
        node: agent.node,
      })),
    );
  }

  /** The configured sites, those that agents started by hand have named, and those that were configured before and still have pilots. */
  sites(): SiteInfo[] {
    const { keepers, registry, pilots } = this.#options;
    const named = [...registry.agents().map(({ node }) => node.site), ...pilots.live().map(({ site }) => site)];
    const unknown = new Set(named.filter((name) => !keepers.has(name)));
    return [...keepers.keys(), ...[...unknown].sort()].map((name) => this.#siteInfo(name));
  }

  /** @returns of a site that is not in the configuration: what it is all the same */
  #unconfigured(name: string): { type: string; sentence: string } | undefined {
    const { keepers, registry, pilots } = this.#options;
    if (keepers.has(name)) return undefined;
    if (pilots.live().some(({ site }) => site === name)) return NO_MORE;
    return registry.agents().some(({ node }) => node.site === name) ? BY_HAND : undefined;
  }

  /** All that led to the last decision. @throws {NoSuchSiteError} */
  async explain(name: string): Promise<SiteExplanation> {
    const description = this.#unconfigured(name)?.sentence;
    if (description !== undefined)
      return { ...this.#siteInfo(name), limits: {}, description, recentEnds: [], copies: [] };
    const keeper = this.keeper(name);
    const { min, max, maxQueued, maxPerCycle, cores, ttlS, registerWithinS } = keeper.config;
    const recent = this.#options.pilots
      .since(this.#options.nowMs() - 3_600_000)
      .filter((pilot) => pilot.site === name && pilot.state === 'gone')
      .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
      .slice(-10);
    return {
      ...this.#siteInfo(name),
      limits: { min, max, maxQueued, maxPerCycle, cores, ttlS, registerWithinS },
      description: await describe(keeper),
      copies: this.#options.copies(name),
      recentEnds: recent.map(
        (pilot) => `${new Date(pilot.endedAt ?? 0).toISOString()} ${pilot.pilotId}: ${pilot.why ?? 'no reason'}`,
      ),
    };
  }

  jdl(name: string): { jdl: string } {
    return { jdl: this.keeper(name).jdl };
  }

  translate(name: string, jdl: string | null): { text: string } {
    const keeper = this.keeper(name);
    return { text: keeper.site.translate(jdl ?? keeper.jdl) };
  }

  /** @throws {PilotJdlError} before anything is submitted; {SiteError} when the site took none */
  async submit(request: z.infer<typeof newPilots>): Promise<{ pilotIds: string[]; errors: string[] }> {
    const keeper = this.keeper(request.site);
    if (request.jdl !== null) readPilotJdl(request.jdl, request.site);
    const answer = await keeper.submit(request.n, { jdl: request.jdl, isByHand: true });
    if (answer.pilotIds.length === 0)
      throw new SiteError(`Site ${request.site} took no pilot: ${answer.errors[0] ?? 'no reason given'}`);
    return answer;
  }

  async output(pilotId: string): Promise<{ output: string }> {
    const pilot = this.#pilot(pilotId);
    const sent = await this.#options.sentLog(pilotId);
    if (sent !== '' || pilot.batchId === null) return { output: sent };
    return { output: await this.keeper(pilot.site).site.output(pilot.batchId) };
  }

  /** Its agent finishes what runs and ends; one whose agent is not there yet is ended. */
  async drain(pilotId: string, why: string): Promise<void> {
    const { registry, tell } = this.#options;
    const byHand = registry.get(pilotId)?.pilotId === null;
    const agentId = byHand ? pilotId : this.#pilot(pilotId).agentId;
    if (agentId === null) await this.kill(pilotId, why);
    else {
      registry.drain(agentId, why); // nothing new from now on, also before the agent has heard
      tell(agentId, { type: 'drain', reason: why });
    }
  }

  /** No new pilots there, and those that wait are cancelled; agents drain. null lifts it. */
  async ban(name: string, why: string | null): Promise<void> {
    const keeper = this.keeper(name);
    keeper.ban(why);
    if (why === null) return;
    const { registry } = this.#options;
    for (const { agentId, node } of registry.agents())
      if (node.site === name)
        await this.drain(registry.get(agentId)?.pilotId ?? agentId, `site ${name} is banned: ${why}`);
  }

  async kill(pilotId: string, why: string): Promise<void> {
    if (this.#options.registry.get(pilotId)?.pilotId === null) {
      this.#options.tell(pilotId, { type: 'stop', reason: why }); // started by hand: it goes by its agent's id
      return;
    }
    const pilot = this.#pilot(pilotId);
    const { registry } = this.#options;
    if (pilot.agentId !== null) this.#options.tell(pilot.agentId, { type: 'stop', reason: why }); // some batch systems leave a job's processes alive
    const keeper = this.#options.keepers.get(pilot.site);
    // Of a site that is configured no more: its batch system cannot be asked, and its agent has heard.
    if (keeper === undefined) this.#options.pilots.move(pilotId, 'end', { endedAt: this.#options.nowMs(), why });
    else await keeper.kill([pilot], why);
    if (pilot.agentId !== null) registry.remove(pilot.agentId, why);
  }

  /** @throws {NoSuchSiteError} */
  keeper(name: string): PilotKeeper {
    const keeper = this.#options.keepers.get(name);
    if (keeper !== undefined) return keeper;
    const other = this.#unconfigured(name);
    if (other !== undefined)
      throw new NoSuchSiteError(
        `${name}: ${other.sentence}. "proof pilots drain" and "proof pilot kill" take their ids.`,
      );
    const known = [...this.#options.keepers.keys()];
    throw new NoSuchSiteError(
      `This ProxyServer has no site ${name}.${didYouMean(name, known)} ${known.length === 0 ? 'None is configured.' : `It has ${known.join(', ')}.`}`,
    );
  }

  #pilot(pilotId: string): Pilot {
    const { pilots, registry } = this.#options;
    const pilot = pilots.get(pilotId);
    if (pilot !== undefined) return pilot;
    if (registry.get(pilotId)?.pilotId === null)
      throw new NoSuchPilotError(`${pilotId} was started by hand: its log is where it was started.`);
    throw new NoSuchPilotError(`There is no pilot ${pilotId}. "proof pilots" lists them.`);
  }

  #siteInfo(name: string): SiteInfo {
    const { keepers, registry, pilots } = this.#options;
    const keeper = keepers.get(name);
    const counts = Object.fromEntries(pilotState.options.map((state) => [state, 0])) as SiteInfo['pilots'];
    for (const pilot of pilots.live()) if (pilot.site === name) counts[pilot.state]++;
    const agents = registry.agents().filter((agent) => agent.node.site === name);
    for (const agent of agents) if (agent.pilotId === null) counts[this.#stateByHand(agent)]++;
    const workers = agents.flatMap((agent) => [...agent.workers.values()]);
    const until = keeper?.backOff.until ?? null;
    return {
      name,
      type: keeper?.site.type ?? this.#unconfigured(name)?.type ?? BY_HAND.type,
      min: keeper?.config.min ?? 0,
      max: keeper?.config.max ?? 0,
      pilots: counts,
      workers: {
        warm: workers.filter((worker) => worker.phase === 'warm' && worker.sessionId === null).length,
        attached: workers.filter((worker) => worker.sessionId !== null).length,
      },
      barred: [...new Set(agents.flatMap(({ node }) => this.#options.barOf(node) ?? []))],
      lastDecision: keeper?.lastDecision ?? 'none: no factory looks at it',
      banned: keeper?.banned ?? null,
      trouble: keeper?.trouble ?? null,
      backOffUntil: until !== null && until > this.#options.nowMs() ? until : null,
    };
  }
}

/** What an operator should know of an agent of an earlier release. */
const unheard = ({ protocol }: Agent): string | null =>
  speaks(protocol, 'hidePaths')
    ? null
    : 'of an earlier release: it hides no keys of this server that it was not told at its start';

const BY_HAND = { type: 'by hand', sentence: 'agents are started by hand there, the ProxyServer sends no pilots' };
const NO_MORE = {
  type: 'not configured',
  sentence: 'it is not in the configuration (any more); its pilots are served until they end',
};

/** A site that does not answer is explained all the same: that is when people ask. */
async function describe({ site }: PilotKeeper): Promise<string> {
  try {
    return (await site.describe()).text;
  } catch (error) {
    if (error instanceof SiteError) return `it says nothing of itself: ${error.message}`;
    throw error;
  }
}
