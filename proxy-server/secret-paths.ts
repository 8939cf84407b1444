/** What of this server's disk no user's code may see, should its nodes share that disk: a pilot on this machine runs as the same account. Pure. */
import { dirname, join, relative, resolve } from 'node:path';
import { secretsBeside, withItsFolder } from '../isolation/secret-places.js';
import { configPath } from '../protocol/config.js';
import type { ProxyConfig } from './config.js';
import { STATE_FOLDERS } from './state-db.js';

/** Where the state directory is that of the configuration, or one above it: by name, since people keep their data beside. */
const NAMES_OF_STATE = [
  ...['key.json', 'proxy.db', 'proxy.db-wal', 'proxy.db-shm', 'audit.jsonl', 's', 'xrootd.keytab'],
  ...STATE_FOLDERS,
];

export function secretPaths(config: ProxyConfig, socketDir: string): string[] {
  const named = [config.tls?.key, config.catalogTokenFile, ...config.sites.flatMap(credentialsOf)];
  return [
    ...stateOf(config),
    socketDir,
    ...secretsBeside(config.file),
    ...named.filter((path) => path !== undefined).flatMap((path) => withItsFolder(configPath(config.file, path))),
  ];
}

/** Whole, where nothing but the server's own is in it: then what comes later is hidden as well (the log of a database that was opened again). */
function stateOf({ file, stateDir }: ProxyConfig): string[] {
  const isAbove = !/^\.\.(\/|$)/.test(relative(resolve(stateDir), dirname(resolve(file))));
  return isAbove ? NAMES_OF_STATE.map((name) => join(stateDir, name)) : [stateDir];
}

function credentialsOf(site: ProxyConfig['sites'][number]): (string | undefined)[] {
  return site.type === 'arc' ? [site.key, site.tokenFile, site.certificate] : [];
}
