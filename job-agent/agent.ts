/**
 * The job agent: one batch slot's conversation with the ProxyServer. It says what node this is, and does what it is told with its worker
 * processes and payloads.
 *
 * Its parts: server-link.ts (the connection), own-identity.ts (who it is), heartbeat.ts (what it says regularly), fitness.ts (whether the
 * node can do the work), agent-life.ts and wind-down.ts (how it goes), worker-pool.ts and payload/payload-desk.ts (what it runs).
 */
import type { Launcher } from '../isolation/launcher.js';
import type { AgentMessage, NodeFacts, ToAgentMessage, WorkerReport } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import { SPOKEN } from '../protocol/version.js';
import type { StorageOptions } from '../storage/storage-options.js';
import { AgentLife } from './agent-life.js';
import type { AgentState } from './agent-state.js';
import type { CpuLedger } from './cpu-ledger.js';
import type { DataServer } from './data-server.js';
import { AGENT_EXIT, type AgentExit } from './exit-status.js';
import { Fitness } from './fitness.js';
import type { Guarding } from './guard/guarded-program.js';
import { Heartbeat } from './heartbeat.js';
import { OwnIdentity } from './own-identity.js';
import type { FoundPayload } from './payload/found-payloads.js';
import { PayloadDesk } from './payload/payload-desk.js';
import type { Scratch } from './scratch.js';
import { ServerLink, webSocketUrl } from './server-link.js';
import type { AgentSettings } from './settings.js';
import { WindDown } from './wind-down.js';
import type { WorkerPool } from './worker-pool.js';

export interface JobAgentOptions {
  readonly settings: AgentSettings;
  readonly node: NodeFacts;
  readonly version: string;
  readonly scratch: Scratch;
  readonly state: AgentState;
  /** PROOF_SLOT of all that this agent starts. */
  readonly slot: string;
  /** Payloads of the agent before this one. */
  readonly found: readonly FoundPayload[];
  readonly guarding: Guarding;
  readonly clock: Clock;
  readonly log: Logger;
  readonly loadAverage: () => number;
  readonly storage: StorageOptions;
  readonly ledger: CpuLedger;
  /** Looks at the node again. @returns why it is not fit (any more) */
  readonly recheck: () => Promise<readonly string[]>;
  readonly launcher: Launcher;
  /** Makes the pool; its reports come to the functions given. */
  readonly makePool: (on: {
    change: (report: WorkerReport) => void;
    freed: () => void;
    hopeless: (why: string) => void;
    ticketWanted: (workerId: string) => void;
  }) => WorkerPool;
  /** Starts the xrootd beside this agent, where it shall have one and can. */
  readonly startDataServer: () => Promise<DataServer | undefined>;
  /** Reasons found by the node check: the agent reports them, holds its slot and ends. */
  readonly unfit: readonly string[];
}

/** A message of a hundred thousand names would be too long for a link. */
const FILES_A_MESSAGE = 5_000;

export class JobAgent {
  readonly #options: JobAgentOptions;
  readonly #log: Logger;
  readonly #life = new AgentLife();
  readonly #identity: OwnIdentity;
  readonly #link: ServerLink;
  readonly #heartbeat: Heartbeat;
  readonly #fitness: Fitness;
  readonly #pool: WorkerPool;
  readonly #payloads: PayloadDesk;
  readonly #windDown: WindDown;
  #dataServer: Promise<DataServer | undefined> = Promise.resolve(undefined);

  constructor(options: JobAgentOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#identity = new OwnIdentity(options);
    this.#link = this.#makeLink();
    this.#pool = this.#makePool();
    this.#payloads = this.#makePayloads();
    this.#fitness = this.#makeFitness();
    this.#heartbeat = new Heartbeat({
      ...options,
      scratch: options.settings.scratch,
      link: this.#link,
      life: this.#life,
      workers: () => this.#pool.reports(),
      lookAtNode: () => this.#fitness.look(),
    });
    this.#windDown = new WindDown({
      ...options,
      life: this.#life,
      link: this.#link,
      heartbeat: this.#heartbeat,
      fitness: this.#fitness,
      pool: this.#pool,
      payloads: this.#payloads,
      dataServer: () => this.#dataServer,
    });
  }

  get ended(): Promise<AgentExit> {
    return this.#windDown.ended;
  }

  start(): void {
    const { found, startDataServer, unfit, settings } = this.#options;
    this.#payloads.goOnWith(found);
    if (this.#fitness.isFit) {
      this.#pool.fill(); // ahead of the registration: both take a while
      this.#dataServer = startDataServer();
    }
    this.#link.open();
    if (!this.#fitness.isFit) this.#fitness.lose(unfit, this.#isWorthHolding ? settings.holdUnfitS : 0);
    this.#windDown.plan();
  }

  /** By hand no batch system sends the next one here, and somebody waits for a word; payloads of the process before have their time. */
  get #isWorthHolding(): boolean {
    const { found, settings } = this.#options;
    return settings.pilotId !== null || found.length > 0;
  }

  /** Ends everything at once, as SIGTERM asks. */
  async stop(why: string): Promise<void> {
    await this.#windDown.end(AGENT_EXIT.ended, why);
    await this.ended; // it may have been ending already
  }

  /** Ends this process alone, as SIGHUP asks: the next one goes on with the payloads. */
  async leave(why: string): Promise<void> {
    await this.#windDown.end(AGENT_EXIT.ended, why, true);
  }

  #makeLink(): ServerLink {
    return new ServerLink({
      ...this.#options,
      hello: () => this.#hello(),
      onMessage: (message) => this.#obey(message),
      onLost: (why) => {
        this.#heartbeat.stop();
        if (!this.#life.isEnding) this.#log.warn(`lost the ProxyServer: ${why}`);
      },
      onClosed: (why) => void this.#windDown.end(AGENT_EXIT.orphaned, why),
    });
  }

  #makePool(): WorkerPool {
    return this.#options.makePool({
      change: (worker) => {
        if (worker.phase === 'gone') this.#heartbeat.usageIsDue();
        this.#link.tell({ type: 'workerState', worker });
        this.#payloads.look();
      },
      freed: () => this.#payloads.look(),
      hopeless: (why) => this.#fitness.lose([why]),
      ticketWanted: (workerId) => this.#wantTicket(workerId),
    });
  }

  #makePayloads(): PayloadDesk {
    const { settings, state } = this.#options;
    return new PayloadDesk({
      ...this.#options,
      cores: settings.cores,
      directory: state.directory,
      server: { url: settings.server, ca: settings.ca },
      slotEnd: settings.wallTimeEnd,
      tell: (message) => this.#link.tell(message),
      sessionCores: () => this.#pool.sessionCores,
    });
  }

  #makeFitness(): Fitness {
    return new Fitness({
      ...this.#options,
      reasons: this.#options.unfit,
      life: this.#life,
      onUnfit: (reasons) => {
        this.#link.tell({ type: 'unfit', reasons: [...reasons] });
        void this.#pool.drain('the node is not fit');
      },
      onHeld: (why) => void this.#windDown.end(AGENT_EXIT.unfit, why),
    });
  }

  #hello(): AgentMessage {
    const { settings, version, node } = this.#options;
    const identity = this.#identity.current;
    return {
      type: 'hello',
      ...SPOKEN,
      version,
      pilotId: settings.pilotId,
      agentId: identity?.agentId ?? null,
      secret: identity?.token ?? settings.secret,
      pid: process.pid,
      node,
      workers: this.#pool.reports(),
      jobs: this.#payloads.reports(),
      ...(settings.stateDir === null ? {} : { returnsWithinMs: settings.returnWithinS * 1000 }),
    };
  }

  #obey(message: ToAgentMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#welcomed(message);
        return;
      case 'token':
        this.#identity.renewToken(message.token);
        return;
      case 'refused':
        this.#refused(message.error);
        return;
      case 'attach':
        this.#attach(message);
        return;
      case 'ticket':
        this.#pool.ticket(message.workerId, message.ticket);
        return;
      case 'release':
        this.#pool.release(message.workerId, message.why);
        return;
      case 'runJob':
      case 'jobToken':
      case 'killJob':
      case 'forgetJob':
        this.#payloads.obey(message);
        return;
      case 'drain':
        void this.#windDown.drain(message.reason);
        return;
      case 'stop':
        void this.#windDown.end(AGENT_EXIT.ended, message.reason);
    }
  }

  #welcomed(message: Extract<ToAgentMessage, { type: 'welcome' }>): void {
    this.#link.welcomed(message.protocol);
    this.#identity.given(message);
    this.#log.info('registered', { agentId: message.agentId, server: this.#options.settings.server });
    if (this.#options.launcher.hide(message.hidePaths ?? [])) this.#pool.renew('it could see keys of the ProxyServer');
    if (!this.#fitness.isFit) this.#link.tell({ type: 'unfit', reasons: this.#fitness.reasons });
    this.#payloads.tellEnds();
    for (const workerId of this.#pool.wantTickets()) this.#wantTicket(workerId);
    void this.#heartbeat.start(message.heartbeatMs);
    void this.#tellFiles();
  }

  #refused({ code, message }: { code: string; message: string }): void {
    if (this.#identity.isReturning) {
      this.#identity.startAnew(message);
      return;
    }
    this.#log.error(`refused by the ProxyServer: ${message}`, { code });
    void this.#windDown.end(AGENT_EXIT.refused, message);
    void this.#link.close('refused'); // not dialled again while workers end
  }

  /** What the xrootd beside this agent serves; told anew to each ProxyServer. */
  async #tellFiles(): Promise<void> {
    const { connection } = this.#link;
    const server = await this.#dataServer;
    if (server === undefined || connection !== this.#link.connection) return;
    const { url } = server;
    const files = await server.files();
    for (let first = 0; first < files.length; first += FILES_A_MESSAGE)
      this.#link.tell({ type: 'dataServer', url, files: files.slice(first, first + FILES_A_MESSAGE) });
  }

  #attach(order: { workerId: string; sessionId: string; ticket: string }): void {
    const { settings, node } = this.#options;
    const url = `${webSocketUrl(settings.server)}/v1/worker/${order.sessionId}`;
    const done = this.#pool.attach(
      { workerId: order.workerId, sessionId: order.sessionId, ticket: order.ticket },
      { url, node },
      () => this.#payloads.look(),
    );
    if (done) return;
    const worker: WorkerReport = { workerId: order.workerId, phase: 'gone', pid: null, sessionId: order.sessionId };
    this.#link.tell({ type: 'workerState', worker: { ...worker, why: 'it was not there any more' } });
  }

  /** A ProxyServer of the version before knows no such wish: then the worker is replaced, as it was then. */
  #wantTicket(workerId: string): void {
    if (!this.#link.isWelcomed) return; // asked again after the welcome
    if (this.#link.speaks('ticketRenewal')) this.#link.tell({ type: 'ticketWanted', workerId });
    else this.#pool.release(workerId, 'its link to the session broke');
  }
}
