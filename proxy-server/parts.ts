/**
 * The parts of a ProxyServer and who tells whom: wiring, no decisions. server.ts starts and stops what is made here.
 *
 * Parts that need one another get a function that asks for the other when it is wanted, so that the order here is only that of making.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { JWK } from 'jose';
import type { Launcher } from '../isolation/launcher.js';
import type { Clock } from '../protocol/clock.js';
import { configPath } from '../protocol/config.js';
import type { Logger } from '../protocol/log.js';
import { Revocations } from '../protocol/revocations.js';
import { Accountant } from './accounting/accountant.js';
import { UseStore } from './accounting/use-store.js';
import { AgentDoor } from './agent-door.js';
import { AgentLosses } from './agent-losses.js';
import { AgentRegistry, type RegistryEffect } from './agent-registry.js';
import { AgentStore } from './agent-store.js';
import { AuditLog } from './audit-log.js';
import { CatalogAccess } from './catalog-access.js';
import type { ProxyConfig } from './config.js';
import { Dispatcher } from './dispatcher.js';
import { CopyStore } from './factory/copy-store.js';
import { DemandDesk } from './factory/demand-desk.js';
import { FileCopier } from './factory/file-copier.js';
import { IdleWatch } from './factory/idle-watch.js';
import { pilotJdl } from './factory/pilot-jdl.js';
import { PilotKeeper } from './factory/pilot-keeper.js';
import { RequestDesk } from './factory/request-desk.js';
import { RequestStore } from './factory/request-store.js';
import { DevelopmentGate, type Gate, TokenGate } from './identity.js';
import { Issuers } from './issuers.js';
import type { JobRunner } from './jobs/job-runner.js';
import { JobService } from './jobs/job-service.js';
import { MasterNursery } from './master-nursery.js';
import { NodeFiles } from './node-files.js';
import { PilotErrands } from './pilot-errands.js';
import { PilotFollower } from './pilot-follower.js';
import { PilotStore } from './pilot-store.js';
import { queryDirectory } from './query-desk.js';
import { QueryStore } from './query-store.js';
import { ResultKeeper } from './result-keeper.js';
import { secretPaths } from './secret-paths.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';
import { SiteStore } from './site-store.js';
import { makeSite } from './sites/make-site.js';
import { type StateLock, surviving } from './state-db.js';
import { TokenBook } from './token-book.js';
import { TokenStore } from './token-store.js';
import { managerOf, poolKeytab } from './xrootd-pool.js';

/** What a state directory gives before anything is made. */
export interface Base {
  readonly lock: StateLock;
  readonly db: Database.Database;
  readonly keyFile: string;
  readonly key: JWK;
  readonly socketDir: string;
  /** How masters are started. */
  readonly launcher: Launcher;
}

export interface PartsOptions {
  readonly config: ProxyConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly base: Base;
  /** Where this server is reached; known once it listens. */
  readonly url: () => string;
}

const LOOK_GAP_MS = 200;
/** Agents that are connected get another one every third of it. */
const AGENT_TOKEN_MS = 3_600_000;

export class Parts {
  readonly socketDir: string;
  readonly tokenStore: TokenStore;
  readonly tokens: TokenBook;
  readonly audit: AuditLog;
  readonly gate: Gate;
  readonly agents: AgentStore;
  readonly pilots: PilotStore;
  readonly sessionStore: SessionStore;
  readonly queryStore: QueryStore;
  readonly registry: AgentRegistry;
  readonly nursery: MasterNursery;
  readonly catalog: CatalogAccess;
  readonly sessions: Sessions;
  readonly results: ResultKeeper;
  readonly dispatcher: Dispatcher;
  readonly batch: JobService;
  readonly uses: UseStore;
  readonly accountant: Accountant;
  readonly pilotFollower: PilotFollower;
  readonly errands: PilotErrands;
  readonly nodeFiles: NodeFiles;
  /** Null: no site serves files of its nodes. */
  readonly xrootd: { readonly keytab: string; readonly manager: string | null } | null;
  readonly requestStore: RequestStore;
  readonly requests: RequestDesk;
  readonly copyStore: CopyStore;
  readonly copier: FileCopier;
  readonly door: AgentDoor;
  readonly keepers: ReadonlyMap<string, PilotKeeper>;
  readonly losses: AgentLosses;
  readonly #options: PartsOptions;
  readonly #demand: DemandDesk;
  readonly #idle = new IdleWatch();

  constructor(options: PartsOptions) {
    this.#options = options;
    const { config, clock, log, base } = options;
    const { db, key, keyFile } = base;
    const { heartbeatMs } = config;
    this.tokenStore = new TokenStore(db);
    this.tokens = new TokenBook({
      key,
      store: this.tokenStore,
      revocations: new Revocations(keyFile),
      issuers: new Issuers(config.issuers),
      nowMs: () => clock.date().getTime(),
    });
    this.audit = new AuditLog(join(config.stateDir, 'audit.jsonl'), () => clock.date());
    this.socketDir = base.socketDir;
    this.gate = config.auth === 'development' ? new DevelopmentGate(this.tokens) : new TokenGate(this.tokens);
    this.agents = new AgentStore(db);
    this.pilots = new PilotStore(db);
    this.sessionStore = new SessionStore(db);
    this.queryStore = new QueryStore(db);
    this.registry = new AgentRegistry({
      clock,
      heartbeatMs,
      emit: (effect) => surviving(log, () => this.#carryOut(effect)),
    });
    const mastersLog = join(config.stateDir, 'log', 'masters.log');
    this.nursery = new MasterNursery({
      ...{ size: config.spareMasters, logFile: mastersLog, clock, log },
      ...{ sessions: join(config.stateDir, 'sessions'), socketDir: this.socketDir, launcher: base.launcher },
      isBusy: () => this.sessions.isAnyBusy(),
    });
    this.catalog = new CatalogAccess(config, { key, keyFile, clock, log });
    this.sessions = this.#makeSessions();
    this.results = new ResultKeeper({
      quota: { maxQueries: config.maxQueriesKept, maxBytes: config.maxResultBytes },
      queries: this.queryStore,
      log,
      directoryOf: (query) => queryDirectory(this.sessionStore, query),
      notify: (user, text) => this.sessions.notify(user, text),
    });
    this.dispatcher = new Dispatcher({
      clock,
      log,
      registry: this.registry,
      sessions: () => this.sessions.open(),
      send: (agentId, message) => this.door.send(agentId, message),
      forSessions: (free) => this.jobs.claims.forSessions(free),
      claimed: (agentId) => this.jobs.claims.on(agentId),
      onUnmet: () => this.lookAtSites(),
    });
    this.batch = new JobService({
      config,
      db,
      clock,
      log,
      registry: this.registry,
      catalog: this.catalog,
      send: (agentId, message) => this.door.send(agentId, message),
      book: config.auth === 'development' ? null : this.tokens,
      takesTokens: (agentId) => this.door.speaks(agentId, 'jobTokens'),
      onDemand: () => this.lookAtSites(),
      onUse: () => this.#watchIdle(),
      onClaim: () => this.dispatcher.look(),
    });
    this.errands = new PilotErrands(this.pilots, join(config.stateDir, 'pilots'));
    const servesFiles = config.xrootdManager !== undefined || config.sites.some((site) => site.xrootd !== undefined);
    const nowS = Math.floor(clock.date().getTime() / 1000);
    this.xrootd = servesFiles ? { keytab: poolKeytab(config.stateDir, nowS), manager: managerOf(config) } : null;
    const nodeFiles = join(config.stateDir, 'node-files');
    this.nodeFiles = new NodeFiles({ directory: nodeFiles, sites: config.sites, catalog: this.catalog, log });
    this.requestStore = new RequestStore(db);
    this.copyStore = new CopyStore(db);
    this.copier = new FileCopier({
      directory: config.stateDir,
      sites: config.sites,
      store: this.copyStore,
      catalog: this.catalog,
      log,
      nowMs: () => clock.date().getTime(),
      onCopied: ({ requestId, site, bytes }) => this.requests.copied(requestId, site, bytes),
    });
    this.requests = new RequestDesk({
      copies: this.copyStore,
      sites: config.sites,
      store: this.requestStore,
      catalog: this.catalog,
      registry: this.registry,
      nowMs: () => clock.date().getTime(),
      onChange: () => {
        this.lookAtSites();
        this.copier.look();
      },
    });
    this.uses = new UseStore(db);
    this.accountant = new Accountant({
      store: this.uses,
      userOfSession: (sessionId) => this.sessionStore.get(sessionId)?.user,
      userOfJob: (jobId) => this.batch.userOf(jobId),
      nowMs: () => clock.date().getTime(),
    });
    this.pilotFollower = new PilotFollower(this.registry, this.pilots, {
      log,
      payloadCores: (agentId) => this.jobs.claims.heldOn(agentId),
    });
    this.door = this.#makeDoor();
    this.tokens.onRevoked((isVoid) => this.door.endVoid(isVoid));
    const siteStore = new SiteStore(db);
    this.#demand = new DemandDesk({
      sites: config.sites,
      agents: () => this.registry.agents(),
      livePilots: () => this.pilots.live(),
      backOff: (site) => siteStore.backOff(site),
      isBanned: (site) => siteStore.banned(site) !== null,
      sessionsWant: () => this.dispatcher.unmet,
      jobsWant: (nodes) => this.jobs.demand.wishes(nodes),
      requests: () => this.requests.wishes(),
      nowMs: () => clock.date().getTime(),
    });
    this.keepers = new Map(config.sites.map((site) => [site.name, this.#makeKeeper(site)]));
    this.losses = new AgentLosses({
      clock,
      log,
      heartbeatMs,
      registry: this.registry,
      agents: this.agents,
      pilots: this.pilots,
      keepers: this.keepers,
      jobs: this.jobs,
      nodeFiles: this.nodeFiles,
      door: this.door,
      lookAtSites: (name) => this.lookAtSites(name),
    });
  }

  get jobs(): JobRunner {
    return this.batch.runner;
  }

  /** Every site, or one, at once: something happened that its factory should know. */
  lookAtSites(name?: string): void {
    for (const keeper of this.keepers.values())
      if (name === undefined || keeper.config.name === name) void keeper.look();
  }

  /** Agents of the site's pilots that were idle for long. */
  #idleAt({ name, letGoIdleS }: ProxyConfig['sites'][number]): string[] {
    const since = this.#options.clock.date().getTime() - letGoIdleS * 1000;
    return this.#idle.idleSince(since).filter((agentId) => {
      const agent = this.registry.get(agentId);
      return agent?.node.site === name && agent.pilotId !== null && agent.draining === null;
    });
  }

  #watchIdle(): void {
    const now = this.#options.clock.date().getTime();
    this.#idle.look(this.registry.agents(), (agentId) => this.jobs.hasJobs(agentId), now);
  }

  #carryOut(effect: RegistryEffect): void {
    switch (effect.do) {
      case 'poolChanged':
        this.dispatcher.look();
        this.pilotFollower.look();
        this.#watchIdle();
        this.jobs.look();
        return;
      case 'workerGone':
        if (effect.worker.sessionId !== null)
          this.dispatcher.workerGone(effect.worker, effect.because, effect.withAgent);
        return;
      case 'agentLost':
        this.losses.lost(effect.agent, effect.because);
    }
  }

  #makeSessions(): Sessions {
    const { config, clock, log } = this.#options;
    return new Sessions({
      host: config.name,
      stateDir: config.stateDir,
      clock,
      log,
      nursery: this.nursery,
      sessions: this.sessionStore,
      queries: this.queryStore,
      catalog: (user) => this.catalog.forUser(user),
      site: null,
      orphanedAfterMs: config.orphanedAfterS * 1000,
      idleAfterMs: config.sessionIdleS * 1000,
      packetLimitMs: config.packetLimitS * 1000,
      logLevel: config.logLevel,
      heldBy: (sessionId) => this.registry.heldBy(sessionId).length,
      onChange: () => this.dispatcher.look(),
      restarts: { most: config.masterRestarts, withinMs: config.masterRestartWindowS * 1000 },
      onQueryEnded: (user) => this.results.look(user).catch((error: Error) => log.error(`results: ${error.message}`)),
      onRestarted: (session) => this.dispatcher.masterRestarted(session),
      onReleased: (_session, workerId, why) => this.dispatcher.release(workerId, why),
      onEnded: () => this.dispatcher.look(),
    });
  }

  #makeDoor(): AgentDoor {
    const { config, clock, log } = this.#options;
    return new AgentDoor({
      clock,
      log,
      heartbeatMs: config.heartbeatMs,
      tokenLifetimeMs: Math.max(AGENT_TOKEN_MS, 2000 * config.orphanedAfterS),
      registry: this.registry,
      pilots: this.pilots,
      agents: this.agents,
      gate: this.gate,
      jobs: () => this.jobs,
      onRegistered: (site) => this.lookAtSites(site),
      onProven: (site) => this.keepers.get(site)?.proven(),
      onDataServer: (agentId, message) => {
        const node = this.registry.get(agentId)?.node;
        if (node !== undefined) this.nodeFiles.served(agentId, node.host, node.site, message);
      },
      onUnfit: (site, agentId, reasons) => this.losses.unfit(site, agentId, reasons),
      onUsage: (agent, processes) => this.accountant.hear(agent, processes),
      onLeft: (agentId) => this.lookAtSites(this.registry.get(agentId)?.node.site),
      onTicketWanted: (agentId, workerId) => this.dispatcher.ticketAgain(agentId, workerId),
    });
  }

  #makeKeeper(config: ProxyConfig['sites'][number]): PilotKeeper {
    const { clock, log, url, base } = this.#options;
    const { stateDir, orphanedAfterS, tls, name } = this.#options.config;
    const site = makeSite(config, {
      serverUrl: url,
      ca: tls?.ca === undefined ? null : readFileSync(configPath(this.#options.config.file, tls.ca), 'utf8'),
      orphanedAfterMs: orphanedAfterS * 1000,
      directory: join(stateDir, 'pilots'),
      xrootd: this.xrootd,
      secretPaths: secretPaths(this.#options.config, this.socketDir),
    });
    return new PilotKeeper({
      site,
      config,
      jdl: pilotJdl(config, { name }),
      pilots: this.pilots,
      sites: new SiteStore(base.db),
      clock,
      log,
      demand: () => this.#demand.of(config.name),
      idleLong: () => this.#idleAt(config),
      gapMs: LOOK_GAP_MS,
      sentLog: (pilotId) => this.errands.logOf(pilotId),
      letGo: (agentId, reason) => {
        this.registry.drain(agentId, reason); // at once, so that no session gets it meanwhile
        this.door.send(agentId, { type: 'drain', reason });
      },
      onPilotEnded: (pilot, why) => {
        if (pilot.agentId !== null) this.registry.remove(pilot.agentId, why);
      },
    });
  }
}
