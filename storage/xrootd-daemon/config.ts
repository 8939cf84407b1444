/**
 * Configuration files of XRootD's own server, as an agent or a ProxyServer starts one: read only, entered with the pool's shared key (sss),
 * alone, as data server under a manager, or as that manager. Pure. Directives: XRootD configuration reference 5.x (xrd, ofs, oss, cms, sec).
 */
export interface XrootdSetup {
  readonly role: 'server' | 'manager';
  readonly port: number;
  /** Where the files are (data servers). */
  readonly files: string | null;
  /** For its own files, written by the server. */
  readonly directory: string;
  readonly keytab: string;
  readonly authorization: string;
  /** `host:port` of the manager's cmsd; of a manager: its own. null: a server that stands alone. */
  readonly manager: string | null;
}

export function xrootdConfig(setup: XrootdSetup): string {
  const { role, port, files, directory, keytab, authorization, manager } = setup;
  const lines = [
    `all.role ${role}`,
    'all.export / r/o',
    ...(files === null ? [] : [`oss.localroot ${files}`]),
    `all.adminpath ${directory}`,
    `all.pidpath ${directory}`,
    ...ifExec('xrootd', [`xrd.port ${port}`]),
    'xrootd.seclib libXrdSec.so',
    `sec.protocol sss -s ${keytab}`,
    'sec.protbind * only sss',
    'ofs.authorize 1',
    `acc.authdb ${authorization}`,
    ...(manager === null ? [] : clusterLines(role, manager)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The defaults are made for thousands of servers: here the first one is enough, and "no such file" is said after a second. */
function clusterLines(role: XrootdSetup['role'], manager: string): string[] {
  return [
    `all.manager ${manager}`,
    'cms.delay startup 1 lookup 1 servers 1 full 1 qdl 1',
    'cms.space min 1m 2m',
    ...(role === 'manager' ? ifExec('cmsd', [`xrd.port ${manager.slice(manager.lastIndexOf(':') + 1)}`]) : []),
  ];
}

const ifExec = (program: string, lines: readonly string[]): string[] => [`if exec ${program}`, ...lines, 'fi'];

/** Whoever has the key may read and list, nobody anything else. */
export const READERS_ONLY = 'u * / rl\n';

/** One key for sss, as its keytab has it. @param key 32 random bytes. @param id 63 bits */
export function keytabLine({ key, id, nowS }: { key: Uint8Array; id: bigint; nowS: number }): string {
  const hex = Buffer.from(key).toString('hex');
  return `0 u:pool g:pool n:proof-grid N:${id} c:${nowS} e:0 k:${hex}\n`;
}
