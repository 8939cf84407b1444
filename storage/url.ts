/**
 * What a word that names a file means: its scheme, and how it may be shown to people. Pure.
 * A query (`?authz=...`, a presigned signature) and a user part are credentials: they are used, and never shown.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BadUrlError } from './errors.js';

/** `root://a/b` -> `root`; a plain path has none. One letter is no scheme, nor is a colon within a file's name. */
export function schemeOf(url: string): string | undefined {
  const match = /^([a-z][a-z0-9+.-]+):\//i.exec(url) ?? /^(file):/i.exec(url);
  return match?.[1]?.toLowerCase();
}

/** The same URL for messages: without user, password, query and fragment. Local paths stay as they are. */
export function displayUrl(url: string): string {
  const scheme = schemeOf(url);
  if (scheme === undefined || scheme === 'file') return url;
  return url.replace(/^([^:]+:\/\/)[^/?#]*@/, '$1').replace(/[?#].*$/s, '');
}

/** The path that a plain path or a `file:` URL names. @throws {BadUrlError} for another host, or escapes that are none */
export function localPathOf(url: string): string {
  if (schemeOf(url) !== 'file') return url;
  try {
    return fileURLToPath(new URL(url, pathToFileURL(`${process.cwd()}/`)));
  } catch (cause) {
    throw new BadUrlError(url, 'write file:///absolute/path, with %-escapes where needed', { cause });
  }
}
