/** `proof proxy init`: everything that a first ProxyServer with TLS and tokens needs, in one folder that is not there yet. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLoopback } from '../../protocol/config.js';
import { UsageError } from '../../protocol/errors.js';
import { openKey, signToken } from '../../protocol/tokens.js';
import { keysOf, makeCa, makeCertificate } from './small-ca.js';

export interface Installation {
  readonly folder: string;
  /** Name or address under which nodes and users reach it. */
  readonly host: string;
  readonly port: number;
  /** The first user: an admin. */
  readonly admin: string;
  readonly adminDays: number;
}

/** @returns what was made, a line each. @throws {UsageError} where the folder holds something already */
export async function makeInstallation(wanted: Installation): Promise<string[]> {
  const folder = resolve(wanted.folder);
  const { host, port, admin, adminDays } = wanted;
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UsageError(`${folder} is not empty: name a folder that is not there yet. Nothing was changed.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ca = await makeCa(folder, `PROOF authority of ${host}`);
  const hosts = [...new Set([host, 'localhost', '127.0.0.1', '::1'])];
  await makeCertificate(folder, ca, { name: 'server', subject: host, hosts });
  await makeCertificate(folder, ca, { name: 'admin', subject: admin, hosts: [] });
  const stateDir = join(folder, 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  const key = await openKey(join(stateDir, 'key.json'));
  const lifetimeS = Math.round(adminDays * 86_400);
  const token = await signToken(key, { user: admin, role: 'admin', lifetimeS, tokenId: randomUUID() });
  writeFileSync(join(keysOf(folder), 'admin.token'), `${token}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'proxy.yaml'), proxyYaml({ host, port, admin }), { mode: 0o600 });
  writeFileSync(join(folder, 'client.yaml'), clientYaml({ host, port }), { mode: 0o600 });
  return [
    'ca.pem, keys/ca.key          the authority; keep ca.key elsewhere, it is needed for further certificates only',
    'server.pem, keys/server.key  of the ProxyServer; renewed files are taken without a restart',
    'admin.pem, keys/admin.key    certificate of the first user, for "proof login --certificate" where the client has no tokenFile',
    `keys/admin.token             the same as a token, for ${adminDays} days`,
    `proxy.yaml                   start it: proof proxy start --config ${shellWord(join(folder, 'proxy.yaml'))}`,
    `client.yaml                  try it: proof --config ${shellWord(join(folder, 'client.yaml'))} whoami${port === 0 ? ', with the port that the server prints put in' : ''}`,
  ];
}

/** A path as it can be pasted at a shell, wherever one stands. */
const shellWord = (path: string): string =>
  /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** A server that is called the loopback is for this machine alone. */
function listenHost(host: string, port: number): string {
  if (host === '::1') return `"[::1]:${port}"`;
  return `${host === 'localhost' ? '127.0.0.1' : isLoopback(host) ? host : '0.0.0.0'}:${port}`;
}

const urlOf = ({ host, port }: { host: string; port: number }): string =>
  `https://${host.includes(':') ? `[${host}]` : host}:${port}`;

function proxyYaml({ host, port, admin }: { host: string; port: number; admin: string }): string {
  return `# Keys: docs/proxy-server.md. Paths are relative to this file.
listen: ${listenHost(host, port)}
publicUrl: ${urlOf({ host, port })}${port === 0 ? ' # with the port that it gets' : ''}
stateDir: state
auth: token
tls: { cert: server.pem, key: keys/server.key, ca: ca.pem }
certificates:
  ca: ca.pem
  users: { ${JSON.stringify(`/CN=${admin}`)}: { user: ${JSON.stringify(admin)}, role: admin } }
sites:
  - { name: HERE, type: local, min: 1, cores: 2 }
`;
}

function clientYaml(at: { host: string; port: number }): string {
  return `# For ~/.config/proof/config.yaml; paths are relative to this file.
defaultHost: here
hosts:
  here: { url: "${urlOf(at)}", ca: ca.pem, tokenFile: keys/admin.token }${at.port === 0 ? ' # put in the port that the server prints when it starts' : ''}
`;
}
