/**
 * Brings workers to sessions: asks the scheduler (session-scheduler.ts) after everything that happened and carries out what it says.
 * Several happenings of one turn of the event loop are one question.
 */
import type { ToAgentMessage } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import type { Agent, AgentRegistry, PoolWorker } from './agent-registry.js';
import type { Session } from './session.js';
import { schedule } from './session-scheduler.js';
import { TicketBox } from './tickets.js';

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: AgentRegistry;
  readonly sessions: () => readonly Session[];
  /** Cores of an agent that payloads want back from sessions. */
  readonly claimed: (agentId: string) => number;
  /** Which of the free workers sessions may have: batch payloads keep their cores on some slots. */
  readonly forSessions: (free: readonly PoolWorker[]) => readonly PoolWorker[];
  readonly send: (agentId: string, message: ToAgentMessage) => void;
  /** The number of workers that are wanted and do not exist has changed. */
  readonly onUnmet: () => void;
}

/** A worker that got a ticket and has not come by then is taken for stuck and replaced. */
const TICKET_LIFETIME_MS = 15_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly tickets: TicketBox;
  #isDue = false;
  #isClosed = false;
  #unmet = 0;
  /** Workers that their session knows it has to let go. */
  readonly #askedBack = new Set<string>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.tickets = new TicketBox(options.clock, TICKET_LIFETIME_MS, ({ workerId }) =>
      this.release(workerId, 'it did not come to its session'),
    );
  }

  /** Workers that sessions would use beyond those that exist, those that have just come included. */
  get unmet(): number {
    this.#lookIfDue();
    return this.#unmet;
  }

  /** Something changed: look soon. */
  look(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    setImmediate(() => this.#lookIfDue());
  }

  #lookIfDue(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    if (!this.#isClosed) this.#dispatch();
  }

  /** A worker that its session is done with, or that nobody will come for: its agent replaces the process. */
  release(workerId: string, why: string): void {
    this.#askedBack.delete(workerId);
    const worker = this.#options.registry.release(workerId);
    if (worker !== undefined) this.#options.send(worker.agentId, { type: 'release', workerId, why });
  }

  /** The link of a worker to its session broke: another ticket, while that session is there. */
  ticketAgain(agentId: string, workerId: string): void {
    const { registry, sessions, send } = this.#options;
    const worker = registry.worker(workerId);
    if (worker === undefined || worker.agentId !== agentId) return;
    const { sessionId } = worker;
    if (sessionId === null || !sessions().some((session) => session.record.sessionId === sessionId)) {
      this.release(workerId, 'its session is over');
      return;
    }
    send(agentId, { type: 'ticket', workerId, ticket: this.tickets.issue({ workerId, agentId, sessionId }) });
  }

  /** A session has a new master, which knows of no promise that its workers leave. */
  masterRestarted(session: Session): void {
    session.leaving = 0;
    for (const { workerId } of this.#options.registry.heldBy(session.record.sessionId))
      this.#askedBack.delete(workerId);
    this.look();
  }

  /** A worker process is gone: its session need not wait for the connection to time out. */
  workerGone(worker: PoolWorker, why: string, withAgent: boolean): void {
    this.#askedBack.delete(worker.workerId);
    const session = this.#options.sessions().find((s) => s.record.sessionId === worker.sessionId);
    if (session === undefined) return;
    session.leaving = Math.max(0, session.leaving - 1);
    session.link?.send({ type: 'workerGone', workerId: worker.workerId, why, withAgent });
  }

  /** Workers that hold on to sessions that are over (reported by agents that came back): they are replaced. */
  releaseStrays(): void {
    const known = new Set(this.#options.sessions().map((s) => s.record.sessionId));
    for (const worker of this.#options.registry.workers())
      if (worker.sessionId !== null && !known.has(worker.sessionId))
        this.release(worker.workerId, 'its session is over');
  }

  close(): void {
    this.#isClosed = true;
    this.tickets.close();
  }

  #dispatch(): void {
    const { registry, sessions, send, log } = this.#options;
    this.releaseStrays();
    this.#askBack();
    const open = sessions();
    const plan = schedule({
      free: this.#options.forSessions(registry.freeWorkers()).map((worker) => worker.workerId),
      starting: registry.startingCount(),
      sessions: open.map((session) => {
        const held = registry.heldBy(session.record.sessionId).length;
        session.leaving = Math.min(session.leaving, held);
        const { sessionId, user } = session.record;
        return { sessionId, user, wanted: session.wanted, held, leaving: session.leaving };
      }),
    });
    for (const session of open) this.#expect(session, plan.shares.get(session.record.sessionId) ?? 0);
    for (const { workerId, sessionId } of plan.attach) {
      const worker = registry.promise(workerId, sessionId);
      if (worker === undefined) continue;
      const ticket = this.tickets.issue({ workerId, agentId: worker.agentId, sessionId });
      send(worker.agentId, { type: 'attach', workerId, sessionId, ticket });
    }
    for (const { sessionId, n } of plan.letGo) {
      const session = open.find((s) => s.record.sessionId === sessionId);
      if (session === undefined) continue;
      session.leaving += n;
      log.info('workers asked back', { sessionId, n });
      session.link?.send({ type: 'letGo', n, why: 'the turn of another session' });
    }
    if (plan.unmet !== this.#unmet) {
      this.#unmet = plan.unmet;
      this.#options.onUnmet();
    }
  }

  /** Workers leave their sessions after the packet in hand: all of agents that take nothing new, of others as many as payloads claim cores. */
  #askBack(): void {
    const { registry, sessions, claimed, log } = this.#options;
    for (const agent of registry.agents()) {
      let most = agent.draining === null ? this.#missing(agent, claimed(agent.agentId)) : agent.node.cores;
      if (most <= 0) continue;
      const why = agent.draining ?? 'a batch job has waited for its cores for as long as it may';
      for (const session of sessions()) {
        const workers = [...agent.workers.values()]
          .filter((worker) => worker.sessionId === session.record.sessionId && worker.phase === 'attached')
          .map((worker) => worker.workerId)
          .filter((workerId) => !this.#askedBack.has(workerId))
          .slice(0, most);
        most -= workers.length;
        if (workers.length === 0 || session.link?.isConnected !== true) continue;
        for (const workerId of workers) this.#askedBack.add(workerId);
        session.leaving += workers.length;
        log.info('workers asked back', { sessionId: session.record.sessionId, workers, why });
        session.link.send({ type: 'letGo', n: workers.length, workers, why });
      }
    }
  }

  /** Cores that are claimed, less those that are free or asked back already. */
  #missing(agent: Agent, claimed: number): number {
    if (claimed === 0) return 0;
    const held = [...agent.workers.values()].filter(({ sessionId }) => sessionId !== null);
    const leaving = held.filter(({ workerId }) => this.#askedBack.has(workerId)).length;
    return claimed - (agent.node.cores - held.length) - leaving;
  }

  #expect(session: Session, workers: number): void {
    if (session.expected === workers) return;
    session.expected = workers;
    session.link?.send({ type: 'expect', workers });
  }
}
