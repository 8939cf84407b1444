/**
 * Writes a local file to a URL of storage, whole or not at all: what is under the final name was compared with the original first.
 * A file that is there already is never replaced. What may work the next time is tried again, under a fresh name; a file of the same bytes
 * that is found then is that of an earlier try, whose answer was lost.
 */
import { randomBytes } from 'node:crypto';
import { checksumOf } from './checksum.js';
import { FileExistsError, PermissionError, UnsupportedSchemeError, WriteRefusedError } from './errors.js';
import { putHttp } from './http/http-put.js';
import { LocalFile } from './local-file.js';
import { putLocal } from './local-put.js';
import { openSource } from './open-source.js';
import { withRetries } from './retry.js';
import { type StorageOptions, settingsOf } from './storage-options.js';
import { displayUrl, localPathOf, schemeOf } from './url.js';
import { putXrootd } from './xrootd/xrootd-put.js';

export interface PutOptions extends StorageOptions {
  /** A file of the same bytes that is there before the first try counts as written, too. */
  readonly takesSame?: boolean;
}

export interface Written {
  readonly size: number;
  /** Lower-case hex. */
  readonly adler32: string;
}

/**
 * @param from path of a local file, which must not change meanwhile
 * @param url where it goes: a path, `file:`, `root:`, `http(s):` and alike; missing directories are made where the server does that
 * @throws {StorageError} {FileExistsError} where something is under that name
 */
export async function putFile(from: string, url: string, options?: PutOptions): Promise<Written> {
  const settings = settingsOf(options);
  const source = await LocalFile.open(from, settings);
  try {
    const adler32 = await checksumOf(source, 'adler32');
    let tries = 0;
    const once = async (): Promise<void> => {
      tries++;
      const job = { from: source, adler32, suffix: `.part-${randomBytes(6).toString('hex')}` };
      const scheme = schemeOf(url);
      switch (scheme) {
        case undefined:
        case 'file':
          return putLocal(localPathOf(url), job, settings);
        case 'root':
        case 'roots':
        case 'xroot':
        case 'xroots':
          return putXrootd(url, job, settings);
        case 'http':
        case 'https':
        case 'dav':
        case 'davs':
          return putHttp(url, job, settings);
        default:
          throw new UnsupportedSchemeError(displayUrl(url), scheme);
      }
    };
    await withRetries(settings, () =>
      once().catch(async (error: unknown) => {
        const mayBeOurs = error instanceof FileExistsError && (tries > 1 || options?.takesSame === true);
        if (!mayBeOurs || !(await holds(url, source.size, adler32, options))) throw error;
      }),
    );
    return { size: source.size, adler32 };
  } catch (error) {
    if (error instanceof PermissionError)
      throw new WriteRefusedError(displayUrl(url), 'no permission', { cause: error });
    throw error;
  } finally {
    await source.close();
  }
}

async function holds(url: string, size: number, adler32: string, options?: StorageOptions): Promise<boolean> {
  const there = await openSource(url, options);
  try {
    return there.size === size && (await checksumOf(there, 'adler32')) === adler32;
  } finally {
    await there.close();
  }
}
