/**
 * The parts of a ProxyServer and who tells whom: wiring, no decisions. server.ts starts and stops what is made here.
 *
 * Parts that need one another get a function that asks for the other when it is wanted, so that the order here is only that of making.
 */
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { JWK } from 'jose';
import type { Launcher } from '../isolation/launcher.js';
import type { Clock } from '../protocol/clock.js';
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
import { FactoryService } from './factory/factory-service.js';
import { DevelopmentGate, type Gate, TokenGate } from './identity.js';
import { Issuers } from './issuers.js';
import type { JobRunner } from './jobs/job-runner.js';
import { JobService } from './jobs/job-service.js';
import { MasterNursery } from './master-nursery.js';
import { NodeFiles } from './node-files.js';
import { queryDirectory, removeQueryFiles } from './query-files.js';
import { QueryStore } from './query-store.js';
import { ResultKeeper } from './result-keeper.js';
import { secretPaths } from './secret-paths.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';
import type { SiteContext } from './sites/site.js';
import { type StateLock, surviving } from './state-db.js';
import { TokenBook } from './token-book.js';
import { TokenStore } from './token-store.js';
import { xrootdPool } from './xrootd-pool.js';

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

/** Agents that are connected get another one every third of it. */
const AGENT_TOKEN_MS = 3_600_000;

export class Parts {
  readonly socketDir: string;
  readonly tokenStore: TokenStore;
  readonly tokens: TokenBook;
  readonly audit: AuditLog;
  readonly gate: Gate;
  readonly agents: AgentStore;
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
  readonly nodeFiles: NodeFiles;
  readonly xrootd: SiteContext['xrootd'];
  readonly factory: FactoryService;
  readonly door: AgentDoor;
  readonly losses: AgentLosses;
  readonly #options: PartsOptions;

  constructor(options: PartsOptions) {
    this.#options = options;
    const { config, clock, log, base } = options;
    const { db, key, keyFile } = base;
    const nowMs = (): number => this.#nowMs();
    this.socketDir = base.socketDir;
    this.tokenStore = new TokenStore(db);
    this.tokens = new TokenBook({
      ...{ key, store: this.tokenStore, nowMs },
      revocations: new Revocations(keyFile),
      issuers: new Issuers(config.issuers),
    });
    this.audit = new AuditLog(join(config.stateDir, 'audit.jsonl'), () => clock.date());
    this.gate = config.auth === 'development' ? new DevelopmentGate(this.tokens) : new TokenGate(this.tokens);
    this.agents = new AgentStore(db);
    this.sessionStore = new SessionStore(db);
    this.queryStore = new QueryStore(db);
    this.registry = new AgentRegistry({
      ...{ clock, heartbeatMs: config.heartbeatMs },
      emit: (effect) => surviving(log, () => this.#carryOut(effect)),
    });
    this.nursery = this.#makeNursery();
    this.catalog = new CatalogAccess(config, { key, keyFile, clock, log });
    this.sessions = this.#makeSessions();
    this.results = this.#makeResults();
    this.dispatcher = this.#makeDispatcher();
    this.batch = this.#makeBatch();
    this.xrootd = xrootdPool(config, Math.floor(nowMs() / 1000));
    this.nodeFiles = new NodeFiles({
      directory: join(config.stateDir, 'node-files'),
      ...{ sites: config.sites, catalog: this.catalog, log },
    });
    this.factory = this.#makeFactory();
    this.uses = new UseStore(db);
    this.accountant = new Accountant({
      ...{ store: this.uses, nowMs },
      userOfSession: (sessionId) => this.sessionStore.get(sessionId)?.user,
      userOfJob: (jobId) => this.batch.userOf(jobId),
    });
    this.door = this.#makeDoor();
    this.tokens.onRevoked((isVoid) => this.door.endVoid(isVoid));
    this.losses = new AgentLosses({
      ...{ clock, log, heartbeatMs: config.heartbeatMs, registry: this.registry, agents: this.agents },
      ...{ factory: this.factory, jobs: this.jobs, nodeFiles: this.nodeFiles, door: this.door },
    });
  }

  get jobs(): JobRunner {
    return this.batch.runner;
  }

  #carryOut(effect: RegistryEffect): void {
    switch (effect.do) {
      case 'poolChanged':
        this.dispatcher.look();
        this.factory.poolChanged();
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

  #makeNursery(): MasterNursery {
    const { config, clock, log, base } = this.#options;
    const mastersLog = join(config.stateDir, 'log', 'masters.log');
    return new MasterNursery({
      ...{ size: config.spareMasters, logFile: mastersLog, clock, log },
      ...{ sessions: join(config.stateDir, 'sessions'), socketDir: this.socketDir, launcher: base.launcher },
      isBusy: () => this.sessions.isAnyBusy(),
    });
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

  #makeResults(): ResultKeeper {
    const { config, log } = this.#options;
    return new ResultKeeper({
      quota: { maxQueries: config.maxQueriesKept, maxBytes: config.maxResultBytes },
      queries: this.queryStore,
      log,
      directoryOf: (query) => queryDirectory(this.sessionStore, query),
      removeFiles: (query) => removeQueryFiles(this.sessionStore, query),
      notify: (user, text) => this.sessions.notify(user, text),
    });
  }

  #makeDispatcher(): Dispatcher {
    const { clock, log } = this.#options;
    return new Dispatcher({
      clock,
      log,
      registry: this.registry,
      sessions: () => this.sessions.open(),
      send: (agentId, message) => this.door.send(agentId, message),
      forSessions: (free) => this.jobs.claims.forSessions(free),
      claimed: (agentId) => this.jobs.claims.on(agentId),
      onUnmet: () => this.factory.look(),
    });
  }

  #makeBatch(): JobService {
    const { config, clock, log, base } = this.#options;
    return new JobService({
      config,
      db: base.db,
      clock,
      log,
      registry: this.registry,
      catalog: this.catalog,
      send: (agentId, message) => this.door.send(agentId, message),
      book: config.auth === 'development' ? null : this.tokens,
      takesTokens: (agentId) => this.door.speaks(agentId, 'jobTokens'),
      onDemand: () => this.factory.look(),
      onUse: () => this.factory.watchIdle(),
      onClaim: () => this.dispatcher.look(),
    });
  }

  #makeFactory(): FactoryService {
    const { config, clock, log, base, url } = this.#options;
    return new FactoryService({
      config,
      db: base.db,
      clock,
      log,
      url,
      socketDir: this.socketDir,
      xrootd: this.xrootd,
      registry: this.registry,
      catalog: this.catalog,
      sessions: this.sessions,
      jobs: this.jobs,
      sessionsWant: () => this.dispatcher.unmet,
      send: (agentId, message) => this.door.send(agentId, message),
    });
  }

  #makeDoor(): AgentDoor {
    const { config, clock, log } = this.#options;
    return new AgentDoor({
      clock,
      log,
      heartbeatMs: config.heartbeatMs,
      secretPaths: secretPaths(config, this.socketDir),
      tokenLifetimeMs: Math.max(AGENT_TOKEN_MS, 2000 * config.orphanedAfterS),
      registry: this.registry,
      pilots: this.factory.pilots,
      agents: this.agents,
      gate: this.gate,
      jobs: () => this.jobs,
      onRegistered: (site) => this.factory.look(site),
      onProven: (site) => this.factory.keepers.get(site)?.proven(),
      onDataServer: (agentId, message) => {
        const node = this.registry.get(agentId)?.node;
        if (node !== undefined) this.nodeFiles.served(agentId, node.host, node.site, message);
      },
      onUnfit: (site, agentId, reasons) => this.losses.unfit(site, agentId, reasons),
      onUsage: (agent, processes) => this.accountant.hear(agent, processes),
      onLeft: (agentId) => this.factory.look(this.registry.get(agentId)?.node.site),
      onTicketWanted: (agentId, workerId) => this.dispatcher.ticketAgain(agentId, workerId),
    });
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
