/**
 * The catalog daemon: `main.js --config FILE [--embedded]`. Prints `listening on URL` when it is ready.
 *
 * --embedded: it belongs to the process that started it, and ends when its standard input closes.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configPath, loadConfig } from '../protocol/config.js';
import { type Daemon, listenError, runDaemon } from '../protocol/daemon.js';
import { UsageError } from '../protocol/errors.js';
import { createLogger } from '../protocol/log.js';
import { createAuthentication } from './auth.js';
import { catalogConfig } from './catalog-config.js';
import { createServer } from './http-server.js';
import { openReader } from './store/database.js';
import { lockStateDir } from './store/state-lock.js';
import { Stores } from './store/stores.js';
import { StoreThread } from './threads/store-client.js';

async function start(): Promise<Daemon> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, embedded: { type: 'boolean' } } });
  if (values.config === undefined) throw new UsageError('Usage: main.js --config FILE [--embedded]');
  const config = loadConfig(values.config, catalogConfig);
  const authenticate = createAuthentication(config, values.config);
  const stateDir = configPath(values.config, config.stateDir);
  mkdirSync(stateDir, { recursive: true });
  const unlock = lockStateDir(stateDir);
  const log = createLogger({ program: 'catalog', file: join(stateDir, 'catalog.log'), ...config.log });
  const databasePath = join(stateDir, 'catalog.db');
  const owner = config.owner ?? userInfo().username;
  const writer = await StoreThread.start(databasePath, 'writer', { owner, group: owner });
  const reader = await StoreThread.start(databasePath, 'reader', { owner, group: owner });
  const db = openReader(databasePath);
  const parts = { stores: new Stores(db), writer, reader, authenticate, authKind: config.auth, databasePath, log };
  const server = await createServer({ ...parts, version: packageVersion() });
  const { host, port } = config.listen;
  await server.listen({ host, port }).catch((error) => {
    throw listenError(error, host, port);
  });
  const bound = (server.server.address() as AddressInfo).port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  log.info('listening', { url, databasePath });
  return {
    url,
    stop: async (why) => {
      log.info('stopping', { why });
      await server.close();
      await reader.stop();
      await writer.stop();
      db.close();
      unlock();
    },
    ...(values.embedded === true ? { ended: parentGone() } : {}),
  };
}

/** The parent holds the other end of standard input for as long as it lives. */
function parentGone(): Promise<number> {
  return new Promise((resolve) => {
    process.stdin.on('end', () => resolve(0)).on('error', () => resolve(0));
    process.stdin.resume();
  });
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

await runDaemon('proof-catalog', start);
