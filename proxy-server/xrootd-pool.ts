/** What all xrootd servers of this pool share: the key with which they are read, and the manager, where the configuration has one. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../protocol/log.js';
import { keytabLine } from '../storage/xrootd-daemon/config.js';
import { XrootdDaemon } from '../storage/xrootd-daemon/daemon.js';
import type { ProxyConfig } from './config.js';
import type { SiteContext } from './sites/site.js';

/** What agents of this pool are told of it; null: no site serves files of its nodes. */
export function xrootdPool(config: ProxyConfig, nowS: number): SiteContext['xrootd'] {
  const servesFiles = config.xrootdManager !== undefined || config.sites.some((site) => site.xrootd !== undefined);
  return servesFiles ? { keytab: poolKeytab(config.stateDir, nowS), manager: managerOf(config) } : null;
}

/** The pool's key as the text of a keytab; made once a state directory. */
function poolKeytab(stateDir: string, nowS: number): string {
  const file = join(stateDir, 'xrootd.keytab');
  const text = keytabLine({ key: randomBytes(32), id: randomBytes(8).readBigUInt64BE() >> 1n, nowS });
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return readFileSync(file, 'utf8');
    throw error;
  }
}

/** `host:port` of the manager's cmsd, to which data servers subscribe; null: there is none. */
const managerOf = ({ xrootdManager }: ProxyConfig): string | null =>
  xrootdManager === undefined
    ? null
    : `${xrootdManager.host ?? hostname()}:${xrootdManager.cmsdPort ?? xrootdManager.port + 1}`;

/** Started with the server and supervised by it. */
export async function startManager(
  config: ProxyConfig,
  keytab: string,
  log: Logger,
): Promise<XrootdDaemon | undefined> {
  const { xrootdManager } = config;
  if (xrootdManager === undefined) return undefined;
  const daemon = await XrootdDaemon.start({
    role: 'manager',
    port: xrootdManager.port,
    files: null,
    keytab,
    manager: managerOf(config),
    command: xrootdManager.command,
    user: xrootdManager.user,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
    onEnded: (program, how) => log.error(`${program} of the XRootD manager ended: ${how}; it is started again`),
  });
  log.info('XRootD manager started', { port: daemon.port });
  return daemon;
}
