/** What of this server's disk no user's code may see, should its nodes share that disk: a pilot on this machine runs as the same account. Pure. */
import { join } from 'node:path';
import { secretsBeside } from '../isolation/secret-places.js';
import { configPath } from '../protocol/config.js';
import type { ProxyConfig } from './config.js';
import { STATE_FOLDERS } from './state-db.js';

/** By name, not the state directory whole: people keep their data beside. */
const OF_STATE_DIR = [
  ...['key.json', 'proxy.db', 'proxy.db-wal', 'proxy.db-shm', 'audit.jsonl', 's', 'xrootd.keytab'],
  ...STATE_FOLDERS,
];

export function secretPaths(config: ProxyConfig, socketDir: string): string[] {
  const named = [config.tls?.key, config.catalogTokenFile, ...config.sites.flatMap(credentialsOf)];
  return [
    ...OF_STATE_DIR.map((name) => join(config.stateDir, name)),
    socketDir,
    ...secretsBeside(config.file),
    ...named.filter((path) => path !== undefined).map((path) => configPath(config.file, path)),
  ];
}

function credentialsOf(site: ProxyConfig['sites'][number]): (string | undefined)[] {
  return site.type === 'arc' ? [site.key, site.tokenFile, site.certificate] : [];
}
