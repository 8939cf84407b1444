/**
 * The ProxyServer: its parts, who tells whom, and the order of start and stop. Decisions are elsewhere; this is the wiring.
 *
 * A stop ends what was started here (masters, pilots, the embedded catalog) unless `keepOnStop` says otherwise; a ProxyServer that
 * was killed leaves masters and agents alive, and the next one on the same state directory takes them back.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { JWK } from 'jose';
import cron, { type ScheduledTask } from 'node-cron';
import type { ServerInfo } from '../protocol/api.js';
import type { Clock } from '../protocol/clock.js';
import type { Daemon } from '../protocol/daemon.js';
import { errorBody } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import { openKey, signToken } from '../protocol/tokens.js';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../protocol/version.js';
import { AgentDoor } from './agent-door.js';
import { AgentRegistry, type RegistryEffect } from './agent-registry.js';
import { AgentStore } from './agent-store.js';
import { CatalogAccess } from './catalog-access.js';
import type { ProxyConfig } from './config.js';
import { Dispatcher } from './dispatcher.js';
import { pilotJdl } from './factory/pilot-jdl.js';
import { PilotKeeper } from './factory/pilot-keeper.js';
import { makeHttp } from './http.js';
import { DevelopmentGate, type Gate, TokenGate } from './identity.js';
import { JobDesk } from './jobs/job-desk.js';
import { JobInputs, JobOutputs } from './jobs/job-files.js';
import { JobRunner } from './jobs/job-runner.js';
import { JobStore } from './jobs/job-store.js';
import { listenOn } from './listening.js';
import { MasterNursery } from './master-nursery.js';
import { PilotDesk } from './pilot-desk.js';
import { PilotFollower } from './pilot-follower.js';
import { PilotStore } from './pilot-store.js';
import { QueryDesk } from './query-desk.js';
import { QueryStore } from './query-store.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';
import { SiteStore } from './site-store.js';
import { makeSite } from './sites/make-site.js';
import { removeSocketDirectory, socketDirectory } from './socket-directory.js';
import { serveSockets } from './sockets.js';
import { lockStateDir, makeStateDir, openStateDb, type StateLock, surviving } from './state-db.js';

export interface ProxyServerOptions {
  readonly config: ProxyConfig;
  readonly clock: Clock;
  readonly makeLog: (stateDir: string) => Logger;
}

export async function startProxyServer(options: ProxyServerOptions): Promise<Daemon> {
  makeStateDir(options.config.stateDir);
  const lock = lockStateDir(options.config.stateDir);
  try {
    const db = openStateDb(join(options.config.stateDir, 'proxy.db'));
    const keyFile = join(options.config.stateDir, 'key.json');
    const server = new ProxyServer(options, { lock, db, keyFile, key: await openKey(keyFile) });
    return await server.start();
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Base {
  readonly lock: StateLock;
  readonly db: Database.Database;
  readonly keyFile: string;
  readonly key: JWK;
}

class ProxyServer {
  readonly #config: ProxyConfig;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #base: Base;
  readonly #socketDir: string;
  readonly #gate: Gate;
  readonly #registry: AgentRegistry;
  readonly #agents: AgentStore;
  readonly #pilots: PilotStore;
  readonly #sessionStore: SessionStore;
  readonly #queryStore: QueryStore;
  readonly #sessions: Sessions;
  readonly #dispatcher: Dispatcher;
  readonly #door: AgentDoor;
  readonly #nursery: MasterNursery;
  readonly #keepers = new Map<string, PilotKeeper>();
  readonly #catalog: CatalogAccess;
  readonly #jobStore: JobStore;
  readonly #jobInputs: JobInputs;
  readonly #jobOutputs: JobOutputs;
  readonly #jobs: JobRunner;
  readonly #pilotFollower: PilotFollower;
  #tasks: ScheduledTask[] = [];
  #url = '';
  #closeHttp: () => Promise<void> = () => Promise.resolve();

  constructor({ config, clock, makeLog }: ProxyServerOptions, base: Base) {
    this.#config = config;
    this.#clock = clock;
    this.#base = base;
    this.#log = makeLog(config.stateDir);
    const { db, key, keyFile } = base;
    const log = this.#log;
    this.#socketDir = socketDirectory(config.stateDir, db);
    this.#gate = config.auth === 'development' ? new DevelopmentGate(key) : new TokenGate(key);
    this.#agents = new AgentStore(db);
    this.#pilots = new PilotStore(db);
    this.#sessionStore = new SessionStore(db);
    this.#queryStore = new QueryStore(db);
    this.#registry = new AgentRegistry({
      clock,
      heartbeatMs: config.heartbeatMs,
      emit: (effect) => surviving(log, () => this.#carryOut(effect)),
    });
    this.#nursery = new MasterNursery({
      size: config.spareMasters,
      logFile: join(config.stateDir, 'log', 'masters.log'),
      clock,
      log,
    });
    this.#catalog = new CatalogAccess(config, { key, keyFile, clock, log });
    this.#sessions = this.#makeSessions();
    this.#dispatcher = new Dispatcher({
      clock,
      log,
      registry: this.#registry,
      sessions: () => this.#sessions.open(),
      send: (agentId, message) => this.#door.send(agentId, message),
      forSessions: (free) => this.#jobs.forSessions(free),
      onUnmet: () => this.#lookAtSites(),
    });
    this.#jobStore = new JobStore(db);
    this.#jobInputs = new JobInputs(this.#catalog);
    this.#jobOutputs = new JobOutputs(config.stateDir);
    this.#jobs = this.#makeJobRunner();
    this.#pilotFollower = new PilotFollower(this.#registry, this.#pilots, log);
    this.#door = new AgentDoor({
      clock,
      log,
      heartbeatMs: config.heartbeatMs,
      registry: this.#registry,
      pilots: this.#pilots,
      agents: this.#agents,
      gate: this.#gate,
      jobs: () => this.#jobs,
      onRegistered: (site) => this.#lookAtSites(site),
      onProven: (site) => this.#keepers.get(site)?.proven(),
      onUnfit: (site, agentId, reasons) => this.#unfit(site, agentId, reasons),
      onLeft: (agentId) => this.#lookAtSites(this.#registry.get(agentId)?.node.site),
    });
    for (const site of config.sites) this.#keepers.set(site.name, this.#makeKeeper(site));
  }

  async start(): Promise<Daemon> {
    const config = this.#config;
    this.#sessions.takeBack(); // before anybody can ask for one of them
    this.#nursery.fill();
    const [url] = await Promise.all([this.#listen(), this.#catalog.start()]);
    this.#url = url;
    for (const { agentId } of this.#agents.open()) this.#expectBack(agentId);
    this.#jobs.loseStrangers(new Set(this.#agents.open().map(({ agentId }) => agentId)));
    this.#tasks = [
      cron.schedule(`*/${config.factoryTickS} * * * * *`, () => {
        this.#lookAtSites();
        this.#jobs.look();
      }),
      cron.schedule('17 * * * *', () => void this.#keepHouse()),
    ];
    this.#lookAtSites();
    await writeFile(join(config.stateDir, 'url'), `${this.#url}\n`);
    this.#log.info('ready', { url: this.#url, catalog: this.#catalog.url });
    return { url: this.#url, stop: (why) => this.#stop(why) };
  }

  async #stop(why: string): Promise<void> {
    this.#log.info(`stopping: ${why}`);
    for (const task of this.#tasks) await task.stop();
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.stop()));
    if (this.#config.keepOnStop) this.#sessions.leaveAll();
    else await Promise.all([this.#sessions.endAll('the ProxyServer ends'), this.#endPilots()]);
    this.#jobs.close();
    this.#dispatcher.close();
    this.#registry.close();
    this.#nursery.close();
    this.#door.close('the ProxyServer ends');
    await Promise.all([this.#closeHttp(), this.#catalog.stop()]);
    if (!this.#config.keepOnStop) removeSocketDirectory(this.#socketDir, this.#config.stateDir);
    await rm(join(this.#config.stateDir, 'url'), { force: true });
    this.#base.db.close();
    this.#base.lock.release();
    this.#log.info('stopped');
    await new Promise<void>((resolve) => this.#log.once('finish', resolve).end());
  }

  /** Of all sites, also those that wait in a queue. A batch system that does not answer cannot keep this server from stopping. */
  async #endPilots(): Promise<void> {
    await Promise.all(
      [...this.#keepers].map(async ([name, keeper]) => {
        const own = this.#pilots.live().filter((pilot) => pilot.site === name);
        // Also by its own link: some batch systems leave the processes of a job alive.
        for (const { agentId } of own)
          if (agentId !== null) this.#door.send(agentId, { type: 'stop', reason: 'the ProxyServer ends' });
        try {
          await keeper.kill(own, 'the ProxyServer ended');
        } catch (error) {
          this.#log.error(`the pilots of site ${name} are left to themselves: ${errorBody(error).message}`);
        }
      }),
    );
  }

  #makeSessions(): Sessions {
    const { name, stateDir, orphanedAfterS, sessionIdleS, logLevel } = this.#config;
    return new Sessions({
      host: name,
      stateDir,
      socketDir: this.#socketDir,
      clock: this.#clock,
      log: this.#log,
      nursery: this.#nursery,
      sessions: this.#sessionStore,
      queries: this.#queryStore,
      catalog: (user) => this.#catalog.forUser(user),
      site: null,
      orphanedAfterMs: orphanedAfterS * 1000,
      idleAfterMs: sessionIdleS * 1000,
      logLevel,
      heldBy: (sessionId) => this.#registry.heldBy(sessionId).length,
      onChange: () => this.#dispatcher.look(),
      onReleased: (_session, workerId, why) => this.#dispatcher.release(workerId, why),
      onEnded: () => this.#dispatcher.look(),
    });
  }

  #makeJobRunner(): JobRunner {
    const policies = new Map(this.#config.sites.map(({ name, batch }) => [name, batch]));
    return new JobRunner({
      clock: this.#clock,
      log: this.#log,
      store: this.#jobStore,
      inputs: this.#jobInputs,
      outputs: this.#jobOutputs,
      registry: this.#registry,
      policyOf: (site) => policies.get(site) ?? 'suspend',
      send: (agentId, message) => this.#door.send(agentId, message),
    });
  }

  #makeKeeper(config: ProxyConfig['sites'][number]): PilotKeeper {
    const { stateDir, orphanedAfterS, tls, name } = this.#config;
    const site = makeSite(config, {
      serverUrl: () => this.#config.publicUrl ?? this.#url,
      ca: tls?.ca === undefined ? null : readFileSync(tls.ca, 'utf8'),
      orphanedAfterMs: orphanedAfterS * 1000,
      directory: join(stateDir, 'pilots'),
    });
    return new PilotKeeper({
      site,
      config,
      jdl: pilotJdl(config, { name }),
      pilots: this.#pilots,
      sites: new SiteStore(this.#base.db),
      clock: this.#clock,
      log: this.#log,
      workersWanted: () => this.#dispatcher.unmet,
      onPilotEnded: (pilot, why) => {
        if (pilot.agentId !== null) this.#registry.remove(pilot.agentId, why);
      },
    });
  }

  #carryOut(effect: RegistryEffect): void {
    switch (effect.do) {
      case 'poolChanged':
        this.#dispatcher.look();
        this.#pilotFollower.look();
        this.#jobs.look();
        return;
      case 'workerGone':
        if (effect.worker.sessionId !== null) this.#dispatcher.workerGone(effect.worker, effect.because);
        return;
      case 'agentLost': {
        const { agent, because } = effect;
        this.#log.warn('agent lost', { agentId: agent.agentId, pilotId: agent.pilotId, because });
        this.#door.forget(agent.agentId, because);
        this.#jobs.agentLost(agent.agentId, because);
        if (agent.pilotId !== null) void this.#endPilot(agent.pilotId, because);
        this.#lookAtSites(agent.node.site);
      }
    }
  }

  /** Its agent is given up: the slot must not go on without us knowing. */
  async #endPilot(pilotId: string, because: string): Promise<void> {
    const pilot = this.#pilots.get(pilotId);
    const keeper = this.#keepers.get(pilot?.site ?? '');
    if (pilot === undefined || pilot.state === 'gone') return;
    this.#pilots.move(pilotId, 'end', { endedAt: this.#clock.date().getTime(), why: because });
    if (keeper === undefined || pilot.batchId === null) return;
    try {
      await keeper.site.cancel([pilot.batchId]);
    } catch (error) {
      this.#log.warn(`a pilot could not be cancelled: ${(error as Error).message}`, { pilotId });
    }
  }

  #unfit(site: string, agentId: string, reasons: readonly string[]): void {
    this.#log.warn('a node is not fit', { agentId, site, reasons });
    this.#keepers.get(site)?.failed(`unfit node ${this.#registry.get(agentId)?.node.host ?? ''}: ${reasons.join(' ')}`);
    this.#lookAtSites(site);
  }

  /** An agent that had not ended when the last ProxyServer did has three heartbeats to come back. */
  #expectBack(agentId: string): void {
    // Its first pauses between dials may be long by now: as long as a dialler waits at most.
    this.#clock.after(Math.max(15_000, 3 * this.#config.heartbeatMs), () => {
      if (this.#registry.get(agentId) !== undefined) return;
      const open = this.#agents.open().find((agent) => agent.agentId === agentId);
      if (open === undefined) return;
      this.#agents.end(agentId, 'it did not come back', this.#clock.date().getTime());
      this.#jobs.agentLost(agentId, 'its agent did not come back after a restart of the ProxyServer');
      if (open.pilotId !== null)
        void this.#endPilot(open.pilotId, 'its agent did not come back after a restart of the ProxyServer');
      this.#lookAtSites();
    });
  }

  #lookAtSites(name?: string): void {
    for (const keeper of this.#keepers.values())
      if (name === undefined || keeper.config.name === name) void keeper.look();
  }

  async #listen(): Promise<string> {
    const app = makeHttp({
      log: this.#log,
      gate: this.#gate,
      info: () => this.#info(),
      sessions: this.#sessions,
      queries: new QueryDesk({ queries: this.#queryStore, records: this.#sessionStore, sessions: this.#sessions }),
      pilots: new PilotDesk({
        keepers: this.#keepers,
        pilots: this.#pilots,
        registry: this.#registry,
        sessions: () => this.#sessions,
        stopAgent: (agentId, reason) => this.#door.send(agentId, { type: 'stop', reason }),
        nowMs: () => this.#clock.date().getTime(),
      }),
      jobs: new JobDesk({
        store: this.#jobStore,
        runner: this.#jobs,
        inputs: this.#jobInputs,
        outputs: this.#jobOutputs,
        maxUnfinished: this.#config.maxJobsPerUser,
        nowMs: () => this.#clock.date().getTime(),
      }),
      sign: (request) => signToken(this.#base.key, { ...request, tokenId: randomUUID() }),
      tls: this.#config.tls ?? null,
    });
    const closeSockets = serveSockets({
      server: app.server as Server,
      log: this.#log,
      gate: this.#gate,
      door: this.#door,
      sessions: this.#sessions,
      tickets: this.#dispatcher.tickets,
    });
    this.#closeHttp = async () => {
      closeSockets();
      await app.close();
    };
    return listenOn(app, this.#config, this.#base.db);
  }

  #info(): ServerInfo {
    const { name, auth } = this.#config;
    return { name, version: PACKAGE_VERSION, protocol: PROTOCOL_VERSION, auth, catalog: this.#catalog.url };
  }

  /** What ended long ago is forgotten, with its files. */
  async #keepHouse(): Promise<void> {
    const before = this.#clock.date().getTime() - this.#config.keepDays * 86_400_000;
    this.#queryStore.prune(before);
    this.#agents.prune(before);
    for (const jobId of this.#jobStore.prune(before)) await this.#jobOutputs.remove(jobId);
    for (const { directory } of this.#sessionStore.prune(before)) await rm(directory, { recursive: true, force: true });
    for (const pilotId of this.#pilots.prune(before))
      await rm(join(this.#config.stateDir, 'pilots', pilotId), { recursive: true, force: true });
  }
}
