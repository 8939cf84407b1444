/**
 * A file that another file names, such as that of a friend tree: looked for beside every replica of the naming file.
 *
 * The naming file is data, and credentials go where it points: so a sibling lies on the same server, is reached by the same scheme, and
 * takes over the query (`?authz=`). Whoever names another server is refused.
 */
import { posix } from 'node:path';
import type { ByteSource } from './byte-source.js';
import { OtherServerError } from './errors.js';
import { openSource } from './open-source.js';
import type { StorageOptions } from './storage-options.js';
import { displayUrl, localPathOf, schemeOf } from './url.js';

/**
 * @param name relative to the naming file's folder, an absolute path of the same server, or a URL there
 * @returns its URL, or undefined where it lies at another server
 */
export function siblingUrl(url: string, name: string): string | undefined {
  const scheme = schemeOf(url);
  const own = schemeOf(name);
  if (scheme === undefined || scheme === 'file') {
    if (own !== undefined && own !== 'file') return undefined;
    return posix.resolve(posix.dirname(localPathOf(url)), localPathOf(name));
  }
  const [, server, path, query] = /^([^:]+:\/\/[^/?#]*)(\/[^?#]*)?(\?[^#]*)?/.exec(url) ?? [];
  if (server === undefined) return undefined;
  if (own !== undefined)
    return name.startsWith(`${server}/`) ? `${name.replace(/[?#].*$/s, '')}${query ?? ''}` : undefined;
  // XRootD's paths begin behind two slashes.
  const lead = path?.startsWith('//') ? '/' : '';
  return `${server}${lead}${posix.resolve('/', posix.dirname((path ?? '/').slice(lead.length)), name)}${query ?? ''}`;
}

/** Opens the sibling of a file by the name that the file gives it. @throws {StorageError} */
export type SiblingOpener = (name: string) => Promise<Sibling>;

export interface Sibling {
  readonly source: ByteSource;
  /** For the files that this one names in its turn: beside itself. */
  readonly openSibling: SiblingOpener;
}

/** @param urls the file's replicas */
export function siblingOpener(urls: string | readonly string[], options?: StorageOptions): SiblingOpener {
  const all = typeof urls === 'string' ? [urls] : urls;
  return async (name) => {
    const found = all.map((url) => siblingUrl(url, name)).filter((url) => url !== undefined);
    if (found.length === 0) throw new OtherServerError(displayUrl(name), displayUrl(all[0] ?? ''));
    return { source: await openSource(found, options), openSibling: siblingOpener(found, options) };
  };
}
