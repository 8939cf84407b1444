/**
 * The door for job agents: who may register, and what each says afterwards. One Link an agent; the registry holds the state.
 *
 * Who comes in: agent-admission.ts. The secret of a pilot is spent at the first word after the welcome: a welcome that was lost on the way can be
 * asked for again.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import {
  type AgentMessage,
  agentMessage,
  type ProcessUse,
  type ToAgentMessage,
  type WorkerReport,
} from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import { errorBody } from '../protocol/errors.js';
import { Link } from '../protocol/link.js';
import type { Logger } from '../protocol/log.js';
import type { Identity } from '../protocol/tokens.js';
import { commonVersion, speaks } from '../protocol/version.js';
import { AgentAdmission, type Hello } from './agent-admission.js';
import type { Agent, AgentRegistry } from './agent-registry.js';
import type { AgentStore } from './agent-store.js';
import type { Gate } from './identity.js';
import type { JobRunner } from './jobs/job-runner.js';
import type { PilotStore } from './pilot-store.js';
import { surviving } from './state-db.js';

type AgentLink = Link<AgentMessage, ToAgentMessage>;

/** Of an agent that does not hear `hidePaths`. */
const UNHEARD_SENTENCE =
  "an agent of an earlier release does not hear which keys of this server users' code must not see: start it again with this release";

export interface AgentDoorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeatMs: number;
  /** Of this server: agents on the same machine keep users' code from them. */
  readonly secretPaths: readonly string[];
  /** Of an agent's token: longer than it lives without us. */
  readonly tokenLifetimeMs: number;
  readonly registry: AgentRegistry;
  readonly pilots: PilotStore;
  readonly agents: AgentStore;
  readonly gate: Gate;
  readonly jobs: () => JobRunner;
  readonly onRegistered: (site: string) => void;
  /** It has a warm worker: this pilot is a success. */
  readonly onProven: (site: string) => void;
  /** It serves files of its node. */
  readonly onDataServer: (agentId: string, message: Extract<AgentMessage, { type: 'dataServer' }>) => void;
  /** Its node is not fit. */
  readonly onUnfit: (site: string, agentId: string, reasons: readonly string[]) => void;
  readonly onUsage: (agent: Agent, processes: readonly ProcessUse[]) => void;
  readonly onLeft: (agentId: string, reason: string) => void;
  /** A worker of this agent lost its link to its session. */
  readonly onTicketWanted: (agentId: string, workerId: string) => void;
}

/** A stranger that connects and says nothing is not kept. */
const HELLO_WITHIN_MS = 10_000;
const MOST_EARLY = 100;

export class AgentDoor {
  readonly #options: AgentDoorOptions;
  readonly #links = new Map<string, AgentLink>();
  /** Protocol version of each connection. */
  readonly #versions = new WeakMap<AgentLink, number>();
  /** Agents whose pilot's secret is used up. */
  readonly #spent = new Set<string>();
  /** Agents that have had a warm worker. */
  readonly #proven = new Set<string>();
  readonly #cancelRenewal = new Map<string, () => void>();
  /** Agents that came by a token, not as pilots: whose. */
  readonly #admittedBy = new Map<string, Identity>();

  readonly #admission: AgentAdmission;

  constructor(options: AgentDoorOptions) {
    this.#options = options;
    const why = 'its pilot registered again';
    this.#admission = new AgentAdmission({
      ...options,
      onVoid: (agentId) => {
        this.forget(agentId, why);
        options.registry.remove(agentId, why);
      },
    });
  }

  /** A WebSocket on /v1/agent. @param onAdmitted it is an agent of ours */
  accept(socket: WebSocket, request: IncomingMessage, onAdmitted: () => void): void {
    const { clock, log } = this.#options;
    const peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    let agentId: string | undefined;
    let isAdmitting = false;
    const early: AgentMessage[] = [];
    const cancelHello = clock.after(HELLO_WITHIN_MS, () => link.close(`no hello within ${HELLO_WITHIN_MS} ms`));
    const link: AgentLink = new Link<AgentMessage, ToAgentMessage>(socket, {
      schema: agentMessage,
      clock,
      onMessage: (message) => {
        const from = agentId;
        if (from !== undefined) surviving(log, () => this.#hear(from, message));
        else if (isAdmitting) {
          early.push(message);
          if (early.length > MOST_EARLY) link.close('too much was said before the welcome');
        } else if (message.type !== 'hello') link.close('the first message must be hello');
        else {
          isAdmitting = true;
          cancelHello();
          void this.#admit(message, request, link).then((admitted) => {
            agentId = admitted;
            if (admitted !== undefined) onAdmitted();
            if (admitted !== undefined)
              for (const waiting of early) surviving(log, () => this.#hear(admitted, waiting));
          });
        }
      },
      onClosed: (why) => {
        cancelHello();
        log.info('agent connection closed', { peer, agentId, why });
        if (agentId === undefined || this.#links.get(agentId) !== link) return;
        this.#links.delete(agentId);
        this.#stopRenewing(agentId);
        this.#options.registry.disconnected(agentId);
        this.#options.onLeft(agentId, why);
      },
    });
  }

  send(agentId: string, message: ToAgentMessage): void {
    this.#links.get(agentId)?.send(message);
  }

  /** Is it connected, and does it know that? */
  speaks(agentId: string, what: Parameters<typeof speaks>[1]): boolean {
    const link = this.#links.get(agentId);
    return link !== undefined && speaks(this.#versions.get(link) ?? 0, what);
  }

  /** Agents that a token let in which is void now have to go. */
  endVoid(isVoid: (identity: Identity) => boolean): void {
    for (const [agentId, identity] of this.#admittedBy)
      if (isVoid(identity)) {
        const why = 'the token that let it in was revoked';
        this.send(agentId, { type: 'stop', reason: why });
        this.#options.registry.remove(agentId, why);
      }
  }

  /** Cuts the connection of an agent that was given up; its identity is not known any more. */
  forget(agentId: string, why: string): void {
    const link = this.#links.get(agentId);
    this.#links.delete(agentId);
    this.#spent.delete(agentId);
    this.#proven.delete(agentId);
    this.#admittedBy.delete(agentId);
    this.#stopRenewing(agentId);
    link?.close(why);
    this.#options.agents.end(agentId, why, this.#options.clock.date().getTime());
  }

  #stopRenewing(agentId: string): void {
    this.#cancelRenewal.get(agentId)?.();
    this.#cancelRenewal.delete(agentId);
  }

  close(why: string): void {
    for (const agentId of this.#cancelRenewal.keys()) this.#stopRenewing(agentId);
    const links = [...this.#links.values()];
    this.#links.clear();
    for (const link of links) link.close(why);
  }

  async #admit(hello: Hello, request: IncomingMessage, link: AgentLink): Promise<string | undefined> {
    const { log, registry, clock, heartbeatMs, secretPaths } = this.#options;
    try {
      const { agentId, pilotId, token, isNew, identity } = await this.#admission.admit(hello, request.headers);
      if (identity !== undefined) this.#admittedBy.set(agentId, identity);
      if (!link.isOpen) return undefined;
      const before = this.#links.get(agentId);
      this.#links.set(agentId, link);
      this.#versions.set(link, commonVersion(hello));
      before?.close('the same agent connected again');
      if (pilotId !== null) this.#registered(pilotId, agentId, hello);
      const protocol = commonVersion(hello);
      link.send({ type: 'welcome', protocol, agentId, token, heartbeatMs, hidePaths: [...secretPaths] });
      const { pid, node, workers, returnsWithinMs } = hello;
      registry.join({ agentId, pilotId, pid, node, protocol, workers, returnsWithinMs });
      surviving(log, () => this.#options.agents.returnsWithin(agentId, returnsWithinMs ?? 0));
      this.#options.jobs().joined(agentId, hello.jobs ?? []);
      if (speaks(protocol, 'tokenRenewal')) this.#keepRenewing(agentId, link);
      if (!speaks(protocol, 'hidePaths'))
        log.warn(UNHEARD_SENTENCE, { agentId, pilotId, host: node.host, site: node.site });
      if (isNew) this.#options.onRegistered(hello.node.site);
      log.info(isNew ? 'agent registered' : 'agent came back', {
        agentId,
        pilotId,
        site: hello.node.site,
        host: hello.node.host,
        afterMs:
          pilotId === null ? undefined : clock.date().getTime() - (this.#options.pilots.get(pilotId)?.submittedAt ?? 0),
      });
      return agentId;
    } catch (error) {
      const body = errorBody(error);
      log.warn(`agent refused: ${body.message}`, {
        pilotId: hello.pilotId,
        host: hello.node.host,
        site: hello.node.site,
      });
      link.send({ type: 'refused', error: body });
      link.close(body.message);
      return undefined;
    }
  }

  /** At once, and again while this connection stands. */
  #keepRenewing(agentId: string, link: AgentLink): void {
    const { agents, clock, tokenLifetimeMs } = this.#options;
    if (!link.isOpen || this.#links.get(agentId) !== link) return;
    const token = randomBytes(32).toString('base64url');
    agents.renew(agentId, token, clock.date().getTime() + tokenLifetimeMs);
    link.send({ type: 'token', token });
    this.#cancelRenewal.get(agentId)?.();
    this.#cancelRenewal.set(
      agentId,
      clock.after(tokenLifetimeMs / 3, () => surviving(this.#options.log, () => this.#keepRenewing(agentId, link))),
    );
  }

  #registered(pilotId: string, agentId: string, hello: Hello): void {
    const { pilots, clock } = this.#options;
    const { host, cores, wallTimeEnd } = hello.node;
    pilots.move(pilotId, 'register', { agentId, host, cores, wallTimeEnd, registeredAt: clock.date().getTime() });
  }

  #hear(agentId: string, message: AgentMessage): void {
    const { registry, pilots } = this.#options;
    const agent = registry.get(agentId);
    if (agent === undefined) return; // given up: whatever it says now is late
    registry.heard(agentId);
    if (agent.pilotId !== null && !this.#spent.has(agentId)) {
      pilots.spendSecret(agent.pilotId);
      this.#spent.add(agentId);
    }
    switch (message.type) {
      case 'hello':
        this.#links.get(agentId)?.close('hello is said once');
        return;
      case 'heartbeat':
        registry.report(agentId, message.workers, message.loadAverage);
        this.#prove(agentId, agent.node.site, message.workers);
        return;
      case 'workerState':
        registry.workerState(agentId, message.worker);
        this.#prove(agentId, agent.node.site, [message.worker]);
        return;
      case 'ticketWanted':
        this.#options.onTicketWanted(agentId, message.workerId);
        return;
      case 'draining':
        registry.drain(agentId, message.reason);
        return;
      case 'jobState':
      case 'jobOutput':
        this.#options.jobs().hear(agentId, message);
        return;
      case 'dataServer':
        this.#options.onDataServer(agentId, message);
        return;
      case 'usage':
        this.#options.onUsage(agent, message.processes);
        return;
      case 'unfit':
        registry.drain(agentId, message.reasons.join(' '));
        this.#options.onUnfit(agent.node.site, agentId, message.reasons);
        return;
      case 'goodbye':
        registry.remove(agentId, `agent ${agentId} left: ${message.reason}`);
    }
  }

  #prove(agentId: string, site: string, workers: readonly WorkerReport[]): void {
    if (this.#proven.has(agentId) || !workers.some(({ phase }) => phase === 'warm' || phase === 'attached')) return;
    this.#proven.add(agentId);
    this.#options.onProven(site);
  }
}
