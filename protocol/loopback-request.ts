/**
 * Development authentication believes what is said on this machine: it answers only requests that were meant for a loopback name and that
 * no page of another origin sent, so that a browser on the same machine is no way in. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from './config.js';

/** Why such a request is not answered; undefined: it may be. */
export function foreignRequest({ host = '', origin }: IncomingHttpHeaders): string | undefined {
  if (!isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')))
    return `Development authentication answers to a loopback address only, not to ${host === '' ? 'a request without a host' : host}.`;
  // "null" is what a page in a closed frame, or a file, calls itself.
  const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  return isOwn ? undefined : `Development authentication does not answer pages of ${origin}.`;
}
