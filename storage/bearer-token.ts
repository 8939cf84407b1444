/** The bearer token of the options: given itself, or in a file that is read at each use, since tokens live for minutes. */
import { readFile } from 'node:fs/promises';
import { AuthenticationError } from './errors.js';
import type { StorageOptions } from './storage-options.js';

/** @throws {AuthenticationError} the file cannot be read, or holds no token; it is named, its contents are not */
export async function bearerToken(options: StorageOptions, url: string): Promise<string | undefined> {
  if (options.token !== undefined) return options.token;
  if (options.tokenFile === undefined) return undefined;
  let text: string;
  try {
    text = (await readFile(options.tokenFile, 'utf8')).trim();
  } catch (cause) {
    throw new AuthenticationError(url, `token file: ${(cause as Error).message}`, { cause });
  }
  if (!/^[\x21-\x7e]+$/.test(text)) throw new AuthenticationError(url, `${options.tokenFile} holds no token`);
  return text;
}
