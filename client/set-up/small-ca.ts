/**
 * A small certificate authority for a first installation, by the system's openssl: Node.js can read certificates but not make them, openssl
 * is on every host that has TLS, and a library for the same would be the larger thing to keep up with.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GridError } from '../../protocol/errors.js';

/** openssl is missing, or did not do what it was told. */
export class OpensslError extends GridError {
  readonly code = 'CLIENT_OPENSSL';
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const AUTHORITY_DAYS = '3650';
const CERTIFICATE_DAYS = '825';

export interface SmallCa {
  /** PEM files of the authority. */
  readonly cert: string;
  readonly key: string;
}

/** Keys have a directory of their own, made here: it is hidden whole from users' code, whatever is renamed into it (isolation/secret-places.ts). */
export function keysOf(folder: string): string {
  const keys = join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  return keys;
}

/** Makes ca.pem and keys/ca.key in `folder`. Keys have mode 0600. @throws {OpensslError} */
export async function makeCa(folder: string, name: string): Promise<SmallCa> {
  const [cert, key] = [join(folder, 'ca.pem'), join(keysOf(folder), 'ca.key')];
  writeFileSync(key, '', { mode: 0o600 }); // openssl keeps the mode of a file that is there
  await openssl([
    ...[
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      AUTHORITY_DAYS,
      '-subj',
      `/CN=${subjectWord(name)}`,
    ],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  return { cert, key };
}

/** Makes NAME.pem and keys/NAME.key. @param hosts names and addresses of a server; none: a user's certificate */
export async function makeCertificate(
  folder: string,
  ca: SmallCa,
  { name, subject, hosts }: { name: string; subject: string; hosts: readonly string[] },
): Promise<SmallCa> {
  const file = (end: string): string => join(folder, `${name}.${end}`);
  const key = join(keysOf(folder), `${name}.key`);
  const usage = hosts.length > 0 ? 'serverAuth' : 'clientAuth';
  const names = hosts.map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`);
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${usage}`,
    ...(names.length > 0 ? [`subjectAltName=${names.join(',')}`] : []),
  ];
  writeFileSync(key, '', { mode: 0o600 });
  writeFileSync(file('ext'), `${extensions.join('\n')}\n`);
  try {
    await openssl(['req', ...KEY, '-keyout', key, '-out', file('csr'), '-subj', `/CN=${subjectWord(subject)}`]);
    await openssl([
      ...['x509', '-req', '-in', file('csr'), '-CA', ca.cert, '-CAkey', ca.key, '-set_serial', `0x${serial()}`],
      ...['-days', CERTIFICATE_DAYS, '-extfile', file('ext'), '-out', file('pem')],
    ]);
  } finally {
    for (const end of ['csr', 'ext']) rmSync(file(end), { force: true });
  }
  return { cert: file('pem'), key };
}

/** 16 bytes, positive (RFC 5280, 4.1.2.2). */
function serial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  return Buffer.from(bytes).toString('hex');
}

/** openssl takes / and + in a subject for separators. */
const subjectWord = (text: string): string => text.replace(/[/+\\]/g, '-');

async function openssl(words: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', words);
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string };
    throw new OpensslError(
      code === 'ENOENT'
        ? 'openssl is not installed here. Install it, or bring certificates of your own: docs/security.md tells how.'
        : `openssl ${words[0]} failed: ${stderr.trim().split('\n')[0] ?? ''}`,
      { cause },
    );
  }
}
