/**
 * The way out of a node: directly, or through an HTTP proxy by CONNECT (RFC 9110, 9.3.6), as `https_proxy`, `http_proxy` and `no_proxy`
 * say, in both spellings. A proxy's user and password may stand in its URL. Behind it the bytes are TLS from end to end where the
 * URL says so.
 *
 * A process without network of its own has $PROOF_TUNNEL instead, a Unix socket that answers CONNECT likewise: all goes through it.
 */
import { Agent, request } from 'node:http';
import { type AgentOptions, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { GridError } from './errors.js';

/** The proxy on the way does not let us through. */
export class HttpProxyError extends GridError {
  readonly code = 'PROTOCOL_HTTP_PROXY';
  override readonly retryable = true;
}

const CONNECT_WITHIN_MS = 20_000;

/** URL of the proxy for that URL; null: none. WebSockets go the way of HTTP. */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  const read = (name: string): string => env[name] || env[name.toUpperCase()] || '';
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return null; // never another machine's
  const address = `${host}:${port || (isSecure ? 443 : 80)}`;
  const isExcepted = read('no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .some((word) => {
      if (word === '*' || word === address || word === host) return true;
      const domain = word.replace(/^\*?\.?/, '.').replace(/:\d+$/, '');
      return host.endsWith(domain) && (!/:\d+$/.test(word) || address.endsWith(word.slice(word.lastIndexOf(':'))));
    });
  const proxy = isExcepted ? '' : read(isSecure ? 'https_proxy' : 'http_proxy') || read('all_proxy');
  return proxy === '' ? null : new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

/** For the `agent` of requests and WebSockets to that URL; undefined: directly. @param tls `ca`: PEM, for requests that name none */
export function proxyAgentFor(url: string, tls: AgentOptions = {}): Agent | undefined {
  const isTls = /^(?:https|wss):/.test(url);
  if (hasTunnel()) return tunnelAgent(isTls, tls);
  const proxy = proxyFor(url, process.env);
  if (proxy === null) return undefined;
  return isTls ? new TunnelledTlsAgent(proxy, tls) : new TunnelledAgent(proxy);
}

const ownTunnel = (): string => process.env['PROOF_TUNNEL'] ?? '';
export const hasTunnel = (): boolean => ownTunnel() !== '';

/** For connections that are kept. */
export function tunnelAgent(isTls: boolean, options: AgentOptions): Agent {
  return isTls ? new TunnelledTlsAgent(ownTunnel(), options) : new TunnelledAgent(ownTunnel(), options);
}

/** A connection to that host through $PROOF_TUNNEL. @throws {HttpProxyError} */
export function openThroughTunnel(host: string, port: number): Promise<Socket> {
  return tunnel(ownTunnel(), { host, port });
}

/** URL of an HTTP proxy, or path of a Unix socket. */
type Way = URL | string;

type Made = ((error: Error | null, socket: Duplex) => void) | undefined;
interface Target {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
}

class TunnelledAgent extends Agent {
  readonly #proxy: Way;
  constructor(proxy: Way, options: AgentOptions = {}) {
    super(options);
    this.#proxy = proxy;
  }
  override createConnection(target: Target, made: Made): undefined {
    hand(tunnel(this.#proxy, target), made);
  }
}

class TunnelledTlsAgent extends TlsAgent {
  readonly #proxy: Way;
  constructor(proxy: Way, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }
  override createConnection(target: Target & ConnectionOptions, made: Made): undefined {
    // A name for SNI; an address has none, but it is what the certificate is checked for.
    const { host = '', ...rest } = target;
    const servername = /^[\d.]+$|:/.test(host) ? '' : host;
    const secured = tunnel(this.#proxy, target).then((socket) => connectTls({ ...rest, socket, host, servername }));
    hand(secured, made);
  }
}

function hand(opened: Promise<Duplex>, made: Made): void {
  opened.then(
    (socket) => made?.(null, socket),
    // Node's type wants a socket even beside an error; it looks at none.
    (error: Error) => (made as (error: Error) => void)(error),
  );
}

function tunnel(way: Way, { host, port }: Target): Promise<Socket> {
  const path = `${host?.includes(':') === true ? `[${host}]` : host}:${port}`;
  const { name, place, headers } = typeof way === 'string' ? socketPlace(way) : proxyPlace(way);
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error): void =>
      reject(new HttpProxyError(`${name} gives no way to ${path}: ${why}.`, { cause }));
    const asking = request({
      method: 'CONNECT',
      ...place,
      path,
      agent: false,
      headers: { host: path, ...headers },
      timeout: CONNECT_WITHIN_MS,
    });
    asking.once('connect', (answer, socket, head) => {
      socket.setTimeout(0);
      if (answer.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      fail(`it answers with HTTP status ${answer.statusCode}`);
    });
    asking.once('timeout', () => asking.destroy(new Error(`no answer within ${CONNECT_WITHIN_MS / 1000} s`)));
    asking.once('error', (error) => fail(error.message, error));
    asking.end();
  });
}

interface Place {
  readonly name: string;
  readonly place: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  readonly headers: Record<string, string>;
}

function proxyPlace(proxy: URL): Place {
  const user = decodeURIComponent(proxy.username);
  const basic = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64');
  return {
    name: `The HTTP proxy ${proxy.host}`,
    place: { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port === '' ? 80 : Number(proxy.port) },
    headers: user === '' ? {} : { 'proxy-authorization': `Basic ${basic}` },
  };
}

const socketPlace = (socketPath: string): Place => ({
  name: 'This process has no network of its own, and its agent',
  place: { socketPath },
  headers: {},
});
