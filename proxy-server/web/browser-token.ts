/**
 * Who a page's WebSocket is from. Browsers send no Authorization header with one, so the dashboard names its token among the subprotocols, as
 * `proof-grid, bearer.TOKEN` (the way of Kubernetes). Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** The subprotocol that is spoken; the other one is never answered. */
export const SUBPROTOCOL = 'proof-grid';
const TOKEN = /^bearer\.([\w.~+/=-]+)$/;

const listOf = (header: string | undefined): string[] => (header ?? '').split(',').map((name) => name.trim());

/** The headers with the token where the gate looks for it. A header that says so itself comes first. */
export function withBrowserToken(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers.authorization !== undefined) return headers;
  const token = listOf(headers['sec-websocket-protocol'])
    .map((name) => TOKEN.exec(name)?.[1])
    .find((found) => found !== undefined);
  return token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
}

/** A sec-websocket-protocol header as it may go on to a session's master: without the token. */
export const withoutToken = (header: string): string =>
  listOf(header)
    .filter((name) => !TOKEN.test(name))
    .join(', ');
