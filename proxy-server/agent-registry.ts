/**
 * Agent registry: which job agents there are, what their workers do, and when a silent agent is given up.
 *
 * Pure state: sockets report what happened, effects come back, time comes from the Clock. Three missed heartbeats lose an
 * agent, connected or not; what it says afterwards is refused, so that no worker is counted twice. Its workers are gone by then in any case, but an
 * agent whose connection has ended and that keeps a state directory is waited for as long as it said: its payloads are.
 * A worker is `promised` from the moment its ticket is sent until its agent says that it is attached; reports that were under way
 * before the promise do not undo it.
 */
import type { NodeFacts, WorkerPhase, WorkerReport } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';

export interface PoolWorker {
  readonly workerId: string;
  readonly agentId: string;
  phase: WorkerPhase;
  pid: number | null;
  /** The session that holds it, promised or attached. */
  sessionId: string | null;
}

export interface Agent {
  readonly agentId: string;
  readonly pilotId: string | null;
  node: NodeFacts;
  pid: number;
  /** The protocol that it is spoken to in. */
  protocol: number;
  connected: boolean;
  /** Why it takes nothing new; null: it does. */
  draining: string | null;
  readonly joinedAt: number;
  /** So long after its connection ended another process may come back as this agent; 0: none will. */
  returnsWithinMs: number;
  loadAverage: number;
  readonly workers: Map<string, PoolWorker>;
}

export type RegistryEffect =
  | { readonly do: 'agentLost'; readonly agent: Agent; readonly because: string }
  | {
      readonly do: 'workerGone';
      readonly worker: PoolWorker;
      readonly because: string;
      /** All of its agent's are gone. */
      readonly withAgent: boolean;
    }
  | { readonly do: 'poolChanged' };

export interface RegistryOptions {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly emit: (effect: RegistryEffect) => void;
}

export const MISSED_BEATS = 3;

export class AgentRegistry {
  readonly #options: RegistryOptions;
  readonly #agents = new Map<string, Agent>();
  readonly #deadlines = new Map<string, () => void>();
  /** worker id -> agent id */
  readonly #agentOf = new Map<string, string>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get(agentId: string): Agent | undefined {
    return this.#agents.get(agentId);
  }
  agents(): Agent[] {
    return [...this.#agents.values()];
  }
  worker(workerId: string): PoolWorker | undefined {
    return this.#agents.get(this.#agentOf.get(workerId) ?? '')?.workers.get(workerId);
  }
  workers(): PoolWorker[] {
    return this.agents().flatMap((agent) => [...agent.workers.values()]);
  }

  /** A new agent, or one that came back: its own account of its workers replaces ours. */
  join(hello: {
    agentId: string;
    pilotId: string | null;
    pid: number;
    node: NodeFacts;
    /** Absent: ours. */
    protocol?: number;
    returnsWithinMs?: number | undefined;
    workers: readonly WorkerReport[];
  }): Agent {
    const { protocol = PROTOCOL_VERSION, returnsWithinMs = 0 } = hello;
    const known = this.#agents.get(hello.agentId);
    const agent: Agent = known ?? {
      agentId: hello.agentId,
      pilotId: hello.pilotId,
      node: hello.node,
      pid: hello.pid,
      protocol,
      connected: true,
      draining: null,
      joinedAt: this.#options.clock.date().getTime(),
      returnsWithinMs,
      loadAverage: 0,
      workers: new Map(),
    };
    agent.node = hello.node;
    agent.pid = hello.pid;
    agent.protocol = protocol;
    agent.returnsWithinMs = returnsWithinMs;
    agent.connected = true;
    this.#agents.set(agent.agentId, agent);
    this.heard(agent.agentId);
    this.report(agent.agentId, hello.workers);
    return agent;
  }

  /** Any word of an agent puts its deadline off. */
  heard(agentId: string): void {
    this.#await(agentId, 1);
  }

  /** Beats are counted one by one: a sleep of this process, however long and whenever it ends, passes for one at most. */
  #await(agentId: string, beat: number): void {
    const { heartbeatMs } = this.#options;
    this.#setDeadline(agentId, heartbeatMs, () => {
      if (beat < MISSED_BEATS) this.#await(agentId, beat + 1);
      else this.#silent(agentId, MISSED_BEATS * heartbeatMs);
    });
  }

  #setDeadline(agentId: string, afterMs: number, then: () => void): void {
    const { clock, heartbeatMs } = this.#options;
    this.#deadlines.get(agentId)?.();
    const due = clock.now() + afterMs;
    const expire = (): void => {
      // Called late, we were the one that slept (stopped, suspended, overloaded): what the agent said may still lie unread.
      if (clock.now() - due > heartbeatMs) this.heard(agentId);
      else then();
    };
    this.#deadlines.set(agentId, clock.after(afterMs, expire));
  }

  /** Its workers are given up; it is too, unless its process may be started again. */
  #silent(agentId: string, silentMs: number): void {
    const agent = this.#agents.get(agentId);
    const returnsWithinMs = agent === undefined || agent.connected ? 0 : agent.returnsWithinMs;
    if (returnsWithinMs <= silentMs) {
      this.remove(agentId, `agent ${agentId} was silent for ${silentMs} ms`);
      return;
    }
    this.report(agentId, []);
    this.#setDeadline(agentId, returnsWithinMs - silentMs, () =>
      this.remove(agentId, `agent ${agentId} did not come back within ${returnsWithinMs} ms`),
    );
  }

  /** The link broke: the agent may come back until its deadline. */
  disconnected(agentId: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    agent.connected = false;
    this.#options.emit({ do: 'poolChanged' });
  }

  drain(agentId: string, why: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined || agent.draining !== null) return;
    agent.draining = why;
    this.#options.emit({ do: 'poolChanged' });
  }

  /** All workers of an agent as it sees them; those that it does not name are gone. */
  report(agentId: string, reports: readonly WorkerReport[], loadAverage?: number): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    if (loadAverage !== undefined) agent.loadAverage = loadAverage;
    const named = new Set(reports.map((r) => r.workerId));
    for (const report of reports) this.workerState(agentId, report);
    for (const worker of [...agent.workers.values()])
      if (!named.has(worker.workerId))
        this.#gone(agent, worker, 'its agent does not have it any more', reports.length === 0);
    this.#options.emit({ do: 'poolChanged' });
  }

  workerState(agentId: string, report: WorkerReport): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    const known = agent.workers.get(report.workerId);
    if (report.phase === 'gone') {
      if (known !== undefined) this.#gone(agent, known, report.why ?? 'its process ended');
      return;
    }
    if (known === undefined) {
      const { workerId, phase, pid, sessionId } = report;
      agent.workers.set(workerId, { workerId, agentId, phase, pid, sessionId });
      this.#agentOf.set(workerId, agentId);
    } else {
      known.pid = report.pid;
      known.phase = report.phase;
      if (report.sessionId !== null) known.sessionId = report.sessionId;
    }
    this.#options.emit({ do: 'poolChanged' });
  }

  /** A ticket for this session is on its way to the worker. */
  promise(workerId: string, sessionId: string): PoolWorker | undefined {
    const worker = this.worker(workerId);
    if (worker !== undefined) worker.sessionId = sessionId;
    return worker;
  }

  /** Its session is done with it: its agent has been told to replace the process. */
  release(workerId: string): PoolWorker | undefined {
    const worker = this.worker(workerId);
    const agent = this.#agents.get(worker?.agentId ?? '');
    if (worker === undefined || agent === undefined) return undefined;
    agent.workers.delete(workerId);
    this.#agentOf.delete(workerId);
    this.#options.emit({ do: 'poolChanged' });
    return worker;
  }

  /** Lost, left or killed: the agent and its workers are no more. */
  remove(agentId: string, because: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    this.#deadlines.get(agentId)?.();
    this.#deadlines.delete(agentId);
    this.#agents.delete(agentId);
    for (const worker of [...agent.workers.values()]) this.#gone(agent, worker, because, true);
    this.#options.emit({ do: 'agentLost', agent, because });
    this.#options.emit({ do: 'poolChanged' });
  }

  /** Warm, promised to nobody, on a connected agent that does not drain; fast nodes first, then in the order of their coming. */
  freeWorkers(): PoolWorker[] {
    return this.#serving()
      .toSorted((a, b) => b.node.perf - a.node.perf)
      .flatMap((agent) => [...agent.workers.values()])
      .filter((worker) => worker.phase === 'warm' && worker.sessionId === null);
  }

  heldBy(sessionId: string): PoolWorker[] {
    return this.workers().filter((worker) => worker.sessionId === sessionId);
  }

  /** Cores whose worker process is being replaced or is not warm yet. */
  startingCount(): number {
    let starting = 0;
    for (const agent of this.#serving()) {
      const ready = [...agent.workers.values()].filter((w) => w.sessionId !== null || w.phase === 'warm').length;
      starting += Math.max(0, agent.node.cores - ready);
    }
    return starting;
  }

  /** Cancels all timers. */
  close(): void {
    for (const cancel of this.#deadlines.values()) cancel();
    this.#deadlines.clear();
  }

  #serving(): Agent[] {
    return this.agents().filter((agent) => agent.connected && agent.draining === null);
  }

  #gone(agent: Agent, worker: PoolWorker, because: string, withAgent = false): void {
    agent.workers.delete(worker.workerId);
    this.#agentOf.delete(worker.workerId);
    worker.phase = 'gone';
    this.#options.emit({ do: 'workerGone', worker, because, withAgent });
    this.#options.emit({ do: 'poolChanged' });
  }
}
