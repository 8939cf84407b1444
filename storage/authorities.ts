/** The authorities that may sign a server's certificate: Node's own list, and the grid's, which TLS here takes only as text. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { StorageOptions } from './storage-options.js';

/** PEM texts; undefined means Node's list alone. @throws the system's error where a file cannot be read */
export async function authoritiesOf({ caFile, caFolder }: StorageOptions): Promise<string[] | undefined> {
  if (caFile === undefined && caFolder === undefined) return undefined;
  const paths = caFile === undefined ? [] : [caFile];
  if (caFolder !== undefined) {
    // As grid distributions lay them out: the certificate as NAME.pem, and links HASH.0 to it.
    const names = await readdir(caFolder);
    const certificates = names.filter((name) => /\.(pem|crt)$/.test(name));
    const wanted = certificates.length > 0 ? certificates : names.filter((name) => /\.\d$/.test(name));
    paths.push(...wanted.map((name) => join(caFolder, name)));
  }
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return [...rootCertificates, ...texts.filter((text) => text.includes('BEGIN CERTIFICATE'))];
}
