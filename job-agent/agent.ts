/**
 * The job agent: one batch slot's connection to the ProxyServer. It dials out, says what node this is, and does what it is told with
 * its worker processes.
 *
 * It keeps its identity (agent id and token; on disk where it has a state directory) over broken connections, restarts of the ProxyServer and
 * its own; after `orphanedAfterMs` without one, or when it is refused, it ends. Near the end of its slot it drains: nothing new, then out.
 */
import type { Launcher } from '../isolation/launcher.js';
import {
  type AgentMessage,
  type NodeFacts,
  type ToAgentMessage,
  toAgentMessage,
  type WorkerReport,
} from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import { type Dialler, dial } from '../protocol/dial.js';
import type { Link } from '../protocol/link.js';
import type { Logger } from '../protocol/log.js';
import { SPOKEN, speaks } from '../protocol/version.js';
import type { StorageOptions } from '../storage/storage-options.js';
import type { AgentState } from './agent-state.js';
import type { CpuLedger } from './cpu-ledger.js';
import type { DataServer } from './data-server.js';
import { AGENT_EXIT, type AgentExit } from './exit-status.js';
import type { Guarding } from './guard/guarded-program.js';
import { availableMemory, freeDisk } from './node-check.js';
import type { FoundPayload } from './payload/found-payloads.js';
import { PayloadDesk } from './payload/payload-desk.js';
import type { Scratch } from './scratch.js';
import type { AgentSettings } from './settings.js';
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

/** Longer than a timer can be: such a slot outlives anything that is planned here. */
const LONGEST_TIMER_MS = 2 ** 31;
/** A message of a hundred thousand names would be too long for a link. */
const FILES_A_MESSAGE = 5_000;
/** Before the end of the slot: for ending workers and tidying up. */
const LAST_MS = 10_000;

/** How often CPU times are told. */
const USAGE_EVERY_MS = 10_000;

type AgentLink = Link<ToAgentMessage, AgentMessage>;

export class JobAgent {
  readonly #options: JobAgentOptions;
  readonly #pool: WorkerPool;
  readonly #payloads: PayloadDesk;
  readonly #log: Logger;
  #dialler: Dialler | undefined;
  #link: AgentLink | undefined;
  #identity: { agentId: string; token: string } | undefined;
  /** Its identity is that of the agent before it, and nobody has said yet whether that still counts. */
  #isReturning: boolean;
  /** The protocol version of the connection that stands; 0: not welcomed on it yet. */
  #version = 0;
  #beats = 0;
  #usageToldAt = Number.NEGATIVE_INFINITY;
  #checkedAt: number;
  #cancelBeat: () => void = () => {};
  #cancelDrain: () => void = () => {};
  #cancelHold: () => void = () => {};
  #ending = false;
  #draining = false;
  #unfit: readonly string[];
  #dataServer: Promise<DataServer | undefined> = Promise.resolve(undefined);
  readonly ended: Promise<AgentExit>;
  #finish!: (exit: AgentExit) => void;

  constructor(options: JobAgentOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#checkedAt = options.clock.now();
    this.#unfit = options.unfit;
    this.#identity = options.state.identity();
    this.#isReturning = this.#identity !== undefined;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#pool = options.makePool({
      change: (worker) => {
        if (worker.phase === 'gone') this.#usageToldAt = Number.NEGATIVE_INFINITY; // its user may look at once
        this.#tell({ type: 'workerState', worker });
        this.#payloads.look();
      },
      freed: () => this.#payloads.look(),
      hopeless: (why) => this.#becomeUnfit([why]),
      ticketWanted: (workerId) => this.#wantTicket(workerId),
    });
    this.#payloads = new PayloadDesk({
      cores: options.settings.cores,
      directory: options.state.directory,
      server: { url: options.settings.server, ca: options.settings.ca },
      slot: options.slot,
      storage: options.storage,
      ledger: options.ledger,
      launcher: options.launcher,
      guarding: options.guarding,
      slotEnd: options.settings.wallTimeEnd,
      clock: options.clock,
      log: options.log,
      tell: (message) => this.#tell(message),
      sessionCores: () => this.#pool.sessionCores,
    });
  }

  start(): void {
    const { settings, clock, found } = this.#options;
    this.#payloads.goOnWith(found);
    if (this.#unfit.length === 0) {
      this.#pool.fill(); // ahead of the registration: both take a while
      this.#dataServer = this.#options.startDataServer();
    }
    this.#dialler = dial<ToAgentMessage, AgentMessage>({
      url: `${settings.server.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/agent`,
      schema: toAgentMessage,
      clock,
      ...(settings.ca === null ? {} : { ca: settings.ca }),
      giveUpAfterMs: settings.orphanedAfterMs,
      onOpen: (link) => this.#hello(link),
      onMessage: (message) => this.#obey(message),
      onLost: (why) => this.#lost(why),
      onClosed: (why) => {
        this.#lost(why);
        void this.#end(AGENT_EXIT.orphaned, why);
      },
    });
    if (this.#unfit.length > 0) this.#becomeUnfit(this.#unfit);
    if (settings.wallTimeEnd !== null) {
      const leftMs = settings.wallTimeEnd - clock.date().getTime() - settings.drainBeforeEndS * 1000;
      if (leftMs < LONGEST_TIMER_MS)
        this.#cancelDrain = clock.after(Math.max(0, leftMs), () => void this.#drain('the batch slot is about to end'));
    }
  }

  /** Ends everything at once, as SIGTERM asks. */
  async stop(why: string): Promise<void> {
    await this.#end(AGENT_EXIT.ended, why);
    await this.ended; // it may have been ending already
  }

  /** Ends this process alone, as SIGHUP asks: the next one goes on with the payloads. */
  async leave(why: string): Promise<void> {
    await this.#end(AGENT_EXIT.ended, why, true);
  }

  #hello(link: AgentLink): void {
    const { settings, version, node } = this.#options;
    this.#link = link;
    this.#version = 0;
    link.send({
      type: 'hello',
      ...SPOKEN,
      version,
      pilotId: settings.pilotId,
      agentId: this.#identity?.agentId ?? null,
      secret: this.#identity?.token ?? settings.secret,
      pid: process.pid,
      node,
      workers: this.#pool.reports(),
      jobs: this.#payloads.reports(),
      ...(settings.stateDir === null ? {} : { returnsWithinMs: settings.returnWithinS * 1000 }),
    });
  }

  #identify(identity: { agentId: string; token: string }): void {
    this.#identity = identity;
    const { state, slot } = this.#options;
    try {
      state.keepIdentity({ ...identity, slot });
    } catch (error) {
      this.#log.warn(`the agent's identity is not kept: ${(error as Error).message}`); // a full disk: it serves on
    }
  }

  /** What an earlier process of this agent was is over; as another agent it may still come in, and hears what is to become of the payloads. */
  #startAnew(why: string): void {
    this.#log.warn(`registering anew: ${why}`);
    this.#isReturning = false;
    this.#identity = undefined;
    this.#options.state.dropIdentity();
  }

  #obey(message: ToAgentMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#version = message.protocol;
        this.#isReturning = false;
        this.#identify({ agentId: message.agentId, token: message.token });
        this.#log.info('registered', { agentId: message.agentId, server: this.#options.settings.server });
        if (this.#options.launcher.hide(message.hidePaths ?? []))
          this.#pool.renew('it could see keys of the ProxyServer');
        if (this.#unfit.length > 0) this.#tell({ type: 'unfit', reasons: [...this.#unfit] });
        this.#payloads.tellEnds();
        for (const workerId of this.#pool.wantTickets()) this.#wantTicket(workerId);
        void this.#beat(message.heartbeatMs);
        void this.#tellFiles();
        return;
      case 'token':
        if (this.#identity !== undefined) this.#identify({ ...this.#identity, token: message.token });
        return;
      case 'refused':
        if (this.#isReturning) {
          this.#startAnew(message.error.message);
          return;
        }
        this.#log.error(`refused by the ProxyServer: ${message.error.message}`, { code: message.error.code });
        void this.#end(AGENT_EXIT.refused, message.error.message);
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
        void this.#drain(message.reason);
        return;
      case 'stop':
        void this.#end(AGENT_EXIT.ended, message.reason);
    }
  }

  /** What the xrootd beside this agent serves; told anew to each ProxyServer. */
  async #tellFiles(): Promise<void> {
    const link = this.#link;
    const server = await this.#dataServer;
    if (server === undefined || link !== this.#link) return;
    const { url } = server;
    const files = await server.files();
    for (let first = 0; first < files.length; first += FILES_A_MESSAGE)
      this.#tell({ type: 'dataServer', url, files: files.slice(first, first + FILES_A_MESSAGE) });
  }

  #attach(order: { workerId: string; sessionId: string; ticket: string }): void {
    const { settings, node } = this.#options;
    const base = settings.server.replace(/^http/, 'ws').replace(/\/$/, '');
    const url = `${base}/v1/worker/${order.sessionId}`;
    const done = this.#pool.attach(
      { workerId: order.workerId, sessionId: order.sessionId, ticket: order.ticket },
      { url, node },
      () => this.#payloads.look(),
    );
    if (done) return;
    const worker: WorkerReport = { workerId: order.workerId, phase: 'gone', pid: null, sessionId: order.sessionId };
    this.#tell({ type: 'workerState', worker: { ...worker, why: 'it was not there any more' } });
  }

  /** A ProxyServer of the version before knows no such wish: then the worker is replaced, as it was then. */
  #wantTicket(workerId: string): void {
    if (this.#version === 0) return; // asked again after the welcome
    if (speaks(this.#version, 'ticketRenewal')) this.#tell({ type: 'ticketWanted', workerId });
    else this.#pool.release(workerId, 'its link to the session broke');
  }

  /** Says so now, and again every `heartbeatMs` while this connection stands. */
  async #beat(heartbeatMs: number): Promise<void> {
    const link = this.#link;
    const { settings, clock, loadAverage } = this.#options;
    const [freeMemoryBytes, freeDiskBytes] = await Promise.all([availableMemory(), freeDisk(settings.scratch)]);
    if (this.#ending || link === undefined || link !== this.#link) return;
    link.send({
      type: 'heartbeat',
      seq: this.#beats++,
      loadAverage: loadAverage(),
      freeMemoryBytes,
      freeDiskBytes,
      workers: this.#pool.reports(),
    });
    this.#tellUsage();
    await this.#recheck();
    if (this.#ending || link !== this.#link) return;
    this.#cancelBeat();
    this.#cancelBeat = clock.after(heartbeatMs, () => void this.#beat(heartbeatMs));
  }

  /** A disk that fills up, or a clock that runs away, is seen before the next user meets it. */
  async #recheck(): Promise<void> {
    const { clock, settings, recheck } = this.#options;
    if (clock.now() - this.#checkedAt < settings.recheckS * 1000 || this.#unfit.length > 0 || this.#draining) return;
    this.#checkedAt = clock.now();
    const reasons = await recheck();
    if (reasons.length > 0 && !this.#ending) this.#becomeUnfit(reasons);
  }

  /** Cumulative: what a broken connection loses is told again with the next. */
  #tellUsage(): void {
    const { clock, ledger } = this.#options;
    if (clock.now() - this.#usageToldAt < USAGE_EVERY_MS || !speaks(this.#version, 'accounting')) return;
    this.#usageToldAt = clock.now();
    ledger.look();
    this.#tell({ type: 'usage', processes: ledger.report() });
  }

  #tell(message: AgentMessage): void {
    if (this.#version > 0) this.#link?.send(asSpoken(message, this.#version)); // before: hello carries the state of all workers
  }

  #lost(why: string): void {
    this.#cancelBeat();
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#version = 0;
    if (!this.#ending) this.#log.warn(`lost the ProxyServer: ${why}`);
  }

  /** The node cannot do the work: say why, hold the slot so that the next pilot does not land here at once, then end. */
  #becomeUnfit(reasons: readonly string[]): void {
    this.#unfit = reasons;
    for (const reason of reasons) this.#log.error(`this node is not fit: ${reason}`);
    this.#tell({ type: 'unfit', reasons: reasons.map((reason) => reason.slice(0, 1000)) });
    void this.#pool.drain('the node is not fit');
    const { clock, settings } = this.#options;
    this.#cancelHold();
    this.#cancelHold = clock.after(
      settings.holdUnfitS * 1000,
      () => void this.#end(AGENT_EXIT.unfit, reasons.join(' ')),
    );
  }

  async #drain(why: string): Promise<void> {
    if (this.#draining || this.#ending) return;
    this.#draining = true;
    this.#log.info(`draining: ${why}`);
    this.#tell({ type: 'draining', reason: why });
    const { clock, settings } = this.#options;
    const leftMs = (settings.wallTimeEnd ?? Number.POSITIVE_INFINITY) - clock.date().getTime() - LAST_MS;
    // What still runs then would be killed by the batch system, and its files left lying about.
    if (leftMs < LONGEST_TIMER_MS)
      this.#cancelDrain = clock.after(Math.max(0, leftMs), () => void this.#end(AGENT_EXIT.ended, why));
    await Promise.all([this.#pool.drain(why), this.#payloads.drained()]);
    await this.#end(AGENT_EXIT.ended, why);
  }

  async #end(exit: AgentExit, why: string, isLeaving = false): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#log.info(`ending: ${why}`);
    for (const cancel of [this.#cancelBeat, this.#cancelDrain, this.#cancelHold]) cancel();
    if (!isLeaving) this.#payloads.close();
    await Promise.all([this.#pool.close(why), this.#dataServer.then((server) => server?.stop())]);
    this.#usageToldAt = Number.NEGATIVE_INFINITY;
    this.#tellUsage();
    if (!isLeaving) this.#tell({ type: 'goodbye', reason: why.slice(0, 1000) });
    this.#dialler?.close('the agent ends');
    if (!isLeaving) this.#options.state.end();
    this.#options.scratch.remove();
    this.#finish(exit);
  }
}

/** A ProxyServer of the version before does not know all of today's words. */
function asSpoken(message: AgentMessage, version: number): AgentMessage {
  if (message.type !== 'jobState' || message.job.end?.outcome !== 'givenBack' || speaks(version, 'givingBack'))
    return message;
  return { ...message, job: { ...message.job, end: { ...message.job.end, outcome: 'expired' } } };
}
