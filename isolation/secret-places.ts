/**
 * Where credentials and doors to other programs lie on a node: users' code is not to see them. Patterns of paths; what exists is looked
 * up when a process starts. Sites add their own (`hidePaths`). Pure.
 */
import { basename, dirname, join, resolve } from 'node:path';

/** Below a home directory: keys, tokens and configurations with passwords. */
const OF_HOME = [
  ...['.ssh', '.gnupg', '.globus', '.arc', '.condor', '.dirac', '.alien', '.config/proof', '.proof', '.pki', '.krb5'],
  ...[
    '.aws',
    '.azure',
    '.config/gcloud',
    '.kube',
    '.docker',
    '.config/containers',
    '.netrc',
    '.pgpass',
    '.git-credentials',
  ],
  ...['.npmrc', '.k5login', '.bash_history', '.local/share/keyrings', '.xrd', '.config/oidc-agent'],
];
/** Of shared temporary directories: proxies, tickets, sockets of agents and terminals, and what pilots and servers of ours make there. */
const OF_TEMPORARY = ['x509up_*', 'krb5cc*', 'ssh-*', 'tmux-*', 'agent.*', '.X11-unix', 'oidc-*'];
const OURS = ['proof-pilot-*', 'proof-pilots-*', 'proof-agent-*', 'proof-s-*'];

/** As `proof proxy init`, openssl, "proof login" and people call them; certificates alone are for everybody. */
const KEYS_AND_TOKENS = ['keys', '*.key*', '*key.pem', '*.p12', '*.pfx', '*.token*', 'token', 'tokens'];
/** Directories of nothing else: hidden whole, so that what is renamed into them later is not seen either, which no cover of a file promises. */
const KEPT_APART = new Set(['keys', 'private', 'secrets', 'tokens']);

/** Beside a file that keys and tokens are kept with: a configuration, a token, an authority's certificate. */
export const secretsBeside = (file: string): string[] =>
  KEYS_AND_TOKENS.map((name) => join(dirname(resolve(file)), name));

/** A key or token, and its directory where that is for such files alone. */
export function withItsFolder(file: string): string[] {
  const path = resolve(file);
  return [path, ...(KEPT_APART.has(basename(dirname(path))) ? [dirname(path)] : [])];
}

/** @param home of the account that runs the agent; globs are allowed in the last part of a path only */
export function secretPlaces(home: string | undefined): string[] {
  return [
    ...(home === undefined || home === '/' ? [] : OF_HOME.map((name) => join(home, name))),
    ...['/tmp', '/var/tmp'].flatMap((folder) => [...OF_TEMPORARY, ...OURS].map((name) => join(folder, name))),
    // Sockets of the system: message bus, containers, batch systems' credentials (munge).
    '/run',
    '/var/spool/slurmd',
    '/etc/grid-security/hostkey.pem',
    '/etc/munge',
    '/etc/shadow',
  ];
}

/** Of /run: how names are resolved, and file systems mounted there. */
export const SHOWN_OF_RUN: readonly string[] = [
  ...['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager/resolv.conf', '/run/nscd', '/run/media'],
];
