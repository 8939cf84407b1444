/** `root://user@host:port//path?opaque`: its parts. Pure. */
import { BadUrlError } from '../errors.js';
import { displayUrl } from '../url.js';
import type { Endpoint } from './transport.js';

export interface XrootdUrl {
  readonly endpoint: Endpoint;
  /** From the root: begins with a slash. */
  readonly path: string;
  /** Behind the question mark, without it; may hold secrets. */
  readonly opaque: string;
  readonly user: string | undefined;
  /** `roots:` */
  readonly wantTls: boolean;
  /** For messages. */
  readonly display: string;
}

const DEFAULT_PORT = 1094;

/** @throws {BadUrlError} */
export function parseXrootdUrl(url: string): XrootdUrl {
  const display = displayUrl(url);
  const match = /^x?root(s?):\/\/(?:([^@/?]*)@)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(\/[^?]*)?(?:\?(.*))?$/is.exec(
    url,
  );
  const port = Number(match?.[4] ?? DEFAULT_PORT);
  if (match === null || port < 1 || port > 65_535) throw new BadUrlError(display, 'write root://host:port//path');
  const [, tls, user, host, , path = '/', opaque = ''] = match;
  return {
    endpoint: { host: host!.replace(/^\[|\]$/g, ''), port },
    path: path.replace(/^\/+/, '/'),
    opaque,
    user: user?.replace(/:.*$/s, '') || undefined,
    wantTls: tls !== '',
    display,
  };
}

/** Opaque parts joined with `&`, empty ones left out, behind the path. */
export function withOpaque(path: string, ...parts: readonly string[]): string {
  const joined = parts
    .map((part) => part.replace(/^[?&]+|&+$/g, ''))
    .filter((part) => part !== '')
    .join('&');
  return joined === '' ? path : `${path}?${joined}`;
}
