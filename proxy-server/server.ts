/**
 * The ProxyServer's life: the order of start and stop, its ticks, its housekeeping. Its parts and who tells whom: parts.ts.
 *
 * A stop ends what was started here (masters, pilots, the embedded catalog) unless `keepOnStop` or SIGHUP say otherwise; a ProxyServer that
 * was killed leaves masters and agents alive, and the next one on the same state directory takes them back.
 */
import { rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import cron, { type ScheduledTask } from 'node-cron';
import { isolationSentence } from '../isolation/launcher.js';
import type { ServerInfo } from '../protocol/api.js';
import type { Clock } from '../protocol/clock.js';
import type { Daemon } from '../protocol/daemon.js';
import type { Logger } from '../protocol/log.js';
import { openKey } from '../protocol/tokens.js';
import { PACKAGE_VERSION, PROTOCOL_VERSION } from '../protocol/version.js';
import type { XrootdDaemon } from '../storage/xrootd-daemon/daemon.js';
import { CATALOG_PATH } from './catalog-door.js';
import type { ProxyConfig } from './config.js';
import { makeHttp } from './http.js';
import { listenOn } from './listening.js';
import { masterLauncher } from './master-launcher.js';
import { PackageStore } from './package-store.js';
import { type Base, Parts } from './parts.js';
import { QueryDesk } from './query-desk.js';
import { ServerTls } from './server-tls.js';
import { removeSocketDirectory, socketDirectory } from './socket-directory.js';
import { serveSockets } from './sockets.js';
import { lockStateDir, makeStateDir, openStateDb } from './state-db.js';
import { startManager } from './xrootd-pool.js';

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
    const socketDir = socketDirectory(options.config.stateDir, db);
    const launcher = await masterLauncher(options.config, socketDir);
    const server = new ProxyServer(options, { lock, db, keyFile, key: await openKey(keyFile), socketDir, launcher });
    return await server.start();
  } catch (error) {
    lock.release();
    throw error;
  }
}

class ProxyServer {
  readonly #config: ProxyConfig;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #base: Base;
  readonly #parts: Parts;
  #tasks: ScheduledTask[] = [];
  #url = '';
  #manager: XrootdDaemon | undefined;
  readonly #tls: ServerTls | null;
  #refreshTls: () => void = () => {};
  #closeHttp: () => Promise<void> = () => Promise.resolve();

  constructor({ config, clock, makeLog }: ProxyServerOptions, base: Base) {
    this.#config = config;
    this.#clock = clock;
    this.#base = base;
    this.#log = makeLog(config.stateDir);
    this.#log.info(`session masters are ${isolationSentence(base.launcher.facts)}`);
    const clientCa = config.certificates?.ca ?? null;
    this.#tls = config.tls === undefined ? null : new ServerTls({ ...config.tls, clientCa }, config.file);
    this.#parts = new Parts({ config, clock, log: this.#log, base, url: () => this.#url });
  }

  async start(): Promise<Daemon> {
    const config = this.#config;
    const { sessions, nursery, catalog, agents, losses, jobs, factory } = this.#parts;
    sessions.takeBack(); // before anybody can ask for one of them
    nursery.fill();
    const [url] = await Promise.all([this.#listen(), catalog.start()]);
    this.#url = url;
    sessions.startDead();
    await this.#startManager();
    for (const agent of agents.open()) losses.expectBack(agent);
    jobs.loseStrangers(new Set(agents.open().map(({ agentId }) => agentId)));
    this.#tasks = [
      cron.schedule(`*/${config.factoryTickS} * * * * *`, () => {
        factory.look();
        jobs.look();
        factory.copier.look();
        this.#refreshTls();
        nursery.boundLog();
      }),
      cron.schedule('17 * * * *', () => void this.#keepHouse()),
    ];
    factory.look();
    await writeFile(join(config.stateDir, 'url'), `${this.#url}\n`);
    this.#log.info('ready', { url: this.#url, catalog: catalog.url });
    return {
      url: this.#url,
      stop: (why) => this.#stop(why, config.keepOnStop),
      leave: (why) => this.#stop(why, true),
    };
  }

  /** @param isKept masters and pilots go on, for the next ProxyServer */
  async #stop(why: string, isKept: boolean): Promise<void> {
    const { factory, sessions, batch, dispatcher, registry, nursery, door, catalog, socketDir } = this.#parts;
    this.#log.info(`stopping: ${why}${isKept ? '; masters and pilots go on' : ''}`);
    for (const task of this.#tasks) await task.stop();
    await factory.stop();
    if (isKept) sessions.leaveAll();
    else await Promise.all([sessions.endAll('the ProxyServer ends'), factory.endPilots()]);
    await Promise.all([batch.close(), this.#manager?.stop()]);
    sessions.close();
    dispatcher.close();
    registry.close();
    nursery.close();
    door.close('the ProxyServer ends');
    await this.#parts.nodeFiles.settled();
    await Promise.all([this.#closeHttp(), catalog.stop()]);
    if (!isKept) removeSocketDirectory(socketDir, this.#config.stateDir);
    await rm(join(this.#config.stateDir, 'url'), { force: true });
    this.#parts.audit.close();
    this.#base.db.close();
    this.#base.lock.release();
    this.#log.info('stopped');
    await new Promise<void>((resolve) => this.#log.once('finish', resolve).end());
  }

  async #startManager(): Promise<void> {
    const { xrootd } = this.#parts;
    if (xrootd === null) return;
    try {
      this.#manager = await startManager(this.#config, xrootd.keytab, this.#log);
    } catch (error) {
      this.#log.error(`the XRootD manager does not start: ${(error as Error).message}`); // sessions go on without
    }
  }

  async #listen(): Promise<string> {
    const { gate, catalog, sessions, queryStore, sessionStore, door, dispatcher } = this.#parts;
    const { batch, factory, tokens, audit, accountant } = this.#parts;
    const { app, guard } = makeHttp({
      clock: this.#clock,
      log: this.#log,
      gate,
      info: () => this.#info(),
      embedded: catalog.isEmbedded ? () => catalog.url : undefined,
      sessions,
      queries: new QueryDesk({ queries: queryStore, records: sessionStore, sessions, results: this.#parts.results }),
      pilots: factory.desk,
      errands: factory.errands,
      requests: factory.requests,
      jobs: batch.desk,
      packages: new PackageStore(join(this.#config.stateDir, 'packages'), this.#config.maxPackageBytes),
      accountant,
      accounts: {
        tokens,
        audit,
        certificates: this.#config.certificates?.users ?? {},
        loginLifetimeS: this.#config.loginHours * 3600,
      },
      tls: this.#tls,
    });
    const server = app.server as Server;
    const { tickets } = dispatcher;
    const closeSockets = serveSockets({ server, log: this.#log, gate, guard, tokens, door, sessions, tickets, audit });
    this.#refreshTls = () => this.#tls?.refresh(app.server as unknown as HttpsServer, this.#log);
    this.#closeHttp = async () => {
      closeSockets();
      await app.close();
    };
    const url = await listenOn(app, this.#config, this.#base.db);
    const mistrust = this.#tls?.mistrust(url);
    if (mistrust !== undefined) this.#log.warn(mistrust);
    return url;
  }

  #info(): ServerInfo {
    const { name, auth } = this.#config;
    const { isEmbedded, url } = this.#parts.catalog;
    return {
      ...{ name, version: PACKAGE_VERSION, protocol: PROTOCOL_VERSION, auth },
      catalog: !isEmbedded ? url : this.#url === '' ? null : this.#url + CATALOG_PATH,
      catalogPath: isEmbedded ? CATALOG_PATH : null,
    };
  }

  /** What ended long ago is forgotten, with its files. */
  async #keepHouse(): Promise<void> {
    const { queryStore, agents, tokenStore, batch, sessionStore, factory, uses } = this.#parts;
    const before = this.#clock.date().getTime() - this.#config.keepDays * 86_400_000;
    queryStore.prune(before);
    tokenStore.prune(before);
    agents.prune(before);
    uses.prune(before);
    await batch.prune(before);
    for (const { directory } of sessionStore.prune(before)) await rm(directory, { recursive: true, force: true });
    await factory.prune(before);
  }
}
