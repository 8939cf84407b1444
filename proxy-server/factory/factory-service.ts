/** The pilot factory of one ProxyServer, put together: the stores, a keeper for each site, what they follow, and the desks that users ask. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import { configPath } from '../../protocol/config.js';
import { errorBody } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import type { AgentRegistry } from '../agent-registry.js';
import type { CatalogAccess } from '../catalog-access.js';
import type { ProxyConfig, SiteConfig } from '../config.js';
import type { JobRunner } from '../jobs/job-runner.js';
import { PilotDesk } from '../pilot-desk.js';
import { PilotErrands } from '../pilot-errands.js';
import { PilotFollower } from '../pilot-follower.js';
import { PilotStore } from '../pilot-store.js';
import { secretPaths } from '../secret-paths.js';
import type { Sessions } from '../sessions.js';
import { SiteStore } from '../site-store.js';
import { makeSite } from '../sites/make-site.js';
import type { Site, SiteContext } from '../sites/site.js';
import { CopyStore } from './copy-store.js';
import { DemandDesk } from './demand-desk.js';
import { FileCopier } from './file-copier.js';
import { IdleWatch } from './idle-watch.js';
import { pilotJdl } from './pilot-jdl.js';
import { PilotKeeper } from './pilot-keeper.js';
import { RequestDesk } from './request-desk.js';
import { RequestStore } from './request-store.js';

export interface FactoryServiceOptions {
  readonly config: ProxyConfig;
  readonly db: Database.Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where agents reach this server; known once it listens. */
  readonly url: () => string;
  readonly socketDir: string;
  readonly xrootd: SiteContext['xrootd'];
  readonly registry: AgentRegistry;
  readonly catalog: CatalogAccess;
  readonly sessions: Sessions;
  readonly jobs: JobRunner;
  /** Workers that sessions would use beyond those that exist. */
  readonly sessionsWant: () => number;
  readonly send: (agentId: string, message: ToAgentMessage) => void;
}

const LOOK_GAP_MS = 200;

export class FactoryService {
  readonly pilots: PilotStore;
  readonly keepers: ReadonlyMap<string, PilotKeeper>;
  readonly errands: PilotErrands;
  readonly copier: FileCopier;
  readonly requests: RequestDesk;
  readonly desk: PilotDesk;
  readonly #options: FactoryServiceOptions;
  /** Of all pilots, each in its own below. */
  readonly #directory: string;
  readonly #sites: SiteStore;
  readonly #requestStore: RequestStore;
  readonly #copyStore: CopyStore;
  readonly #follower: PilotFollower;
  readonly #demand: DemandDesk;
  readonly #idle = new IdleWatch();

  constructor(options: FactoryServiceOptions) {
    this.#options = options;
    const { config, db, log, registry, catalog, sessions, jobs, sessionsWant, send } = options;
    const { sites, stateDir } = config;
    const nowMs = (): number => this.#nowMs();
    const payloadCores = (agentId: string): number => jobs.claims.heldOn(agentId);
    this.#directory = join(stateDir, 'pilots');
    this.pilots = new PilotStore(db);
    this.#sites = new SiteStore(db);
    this.#requestStore = new RequestStore(db);
    this.#copyStore = new CopyStore(db);
    this.errands = new PilotErrands(this.pilots, this.#directory);
    this.copier = new FileCopier({
      ...{ directory: stateDir, sites, store: this.#copyStore, catalog, log, nowMs },
      onCopied: ({ requestId, site, bytes }) => this.requests.copied(requestId, site, bytes),
    });
    this.requests = new RequestDesk({
      ...{ sites, store: this.#requestStore, copies: this.#copyStore, catalog, registry, nowMs },
      onChange: () => {
        this.look();
        this.copier.look();
      },
    });
    this.#follower = new PilotFollower(registry, this.pilots, { log, payloadCores });
    this.#demand = new DemandDesk({
      ...{ sites, sessionsWant, nowMs },
      agents: () => registry.agents(),
      livePilots: () => this.pilots.live(),
      backOff: (site) => this.#sites.backOff(site),
      isBanned: (site) => this.#sites.banned(site) !== null,
      jobsWant: (nodes) => jobs.demand.wishes(nodes),
      requests: () => this.requests.wishes(),
    });
    this.keepers = new Map(sites.map((site) => [site.name, this.#makeKeeper(site)]));
    this.desk = new PilotDesk({
      ...{ keepers: this.keepers, pilots: this.pilots, registry, sessions, payloadCores, tell: send, nowMs },
      barOf: (node) => jobs.judge.barOf(node),
      sentLog: (pilotId) => this.errands.logOf(pilotId),
      copies: (site) => this.#copyStore.ofSite(site),
    });
  }

  /** Every site, or one, at once: something happened that its factory should know. */
  look(name?: string): void {
    for (const keeper of this.keepers.values())
      if (name === undefined || keeper.config.name === name) void keeper.look();
  }

  /** Agents came or went, or sessions got or left their workers. */
  poolChanged(): void {
    this.#follower.look();
    this.watchIdle();
  }

  /** Agents may have become idle, or be so no more. */
  watchIdle(): void {
    const { registry, jobs } = this.#options;
    this.#idle.look(registry.agents(), (agentId) => jobs.hasJobs(agentId), this.#nowMs());
  }

  /** No more looks, no more copies; waits for the looks under way. */
  async stop(): Promise<void> {
    this.copier.close();
    await Promise.all([...this.keepers.values()].map((keeper) => keeper.stop()));
  }

  /** Of all sites, also those that wait in a queue. A batch system that does not answer cannot keep this server from stopping. */
  async endPilots(): Promise<void> {
    const { send, log } = this.#options;
    await Promise.all(
      [...this.keepers].map(async ([name, keeper]) => {
        const own = this.pilots.live().filter((pilot) => pilot.site === name);
        // Also by its own link: some batch systems leave the processes of a job alive.
        for (const { agentId } of own)
          if (agentId !== null) send(agentId, { type: 'stop', reason: 'the ProxyServer ends' });
        try {
          await keeper.kill(own, 'the ProxyServer ended');
        } catch (error) {
          log.error(`the pilots of site ${name} are left to themselves: ${errorBody(error).message}`);
        }
      }),
    );
  }

  /** Requests, copies and pilots that ended before are forgotten, with the pilots' files. */
  async prune(beforeMs: number): Promise<void> {
    this.#requestStore.prune(beforeMs);
    this.#copyStore.prune(beforeMs);
    for (const pilotId of this.pilots.prune(beforeMs))
      await rm(join(this.#directory, pilotId), { recursive: true, force: true });
  }

  #makeKeeper(config: SiteConfig): PilotKeeper {
    const { clock, log, registry, send } = this.#options;
    return new PilotKeeper({
      ...{ config, pilots: this.pilots, sites: this.#sites, clock, log },
      site: this.#makeSite(config),
      jdl: pilotJdl(config, { name: this.#options.config.name }),
      demand: () => this.#demand.of(config.name),
      idleLong: () => this.#idleAt(config),
      gapMs: LOOK_GAP_MS,
      sentLog: (pilotId) => this.errands.logOf(pilotId),
      letGo: (agentId, reason) => {
        registry.drain(agentId, reason); // at once, so that no session gets it meanwhile
        send(agentId, { type: 'drain', reason });
      },
      onPilotEnded: (pilot, why) => {
        if (pilot.agentId !== null) registry.remove(pilot.agentId, why);
      },
    });
  }

  #makeSite(site: SiteConfig): Site {
    const { config, url, xrootd, socketDir } = this.#options;
    const { file, tls, orphanedAfterS } = config;
    return makeSite(site, {
      serverUrl: url,
      ca: tls?.ca === undefined ? null : readFileSync(configPath(file, tls.ca), 'utf8'),
      orphanedAfterMs: orphanedAfterS * 1000,
      directory: this.#directory,
      xrootd,
      secretPaths: secretPaths(config, socketDir),
    });
  }

  /** Agents of the site's pilots that were idle for long. */
  #idleAt({ name, letGoIdleS }: SiteConfig): string[] {
    const { registry } = this.#options;
    return this.#idle.idleSince(this.#nowMs() - letGoIdleS * 1000).filter((agentId) => {
      const agent = registry.get(agentId);
      return agent?.node.site === name && agent.pilotId !== null && agent.draining === null;
    });
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
