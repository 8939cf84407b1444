/**
 * HTTP requests for bytes: kept-alive connections, header names in the case that every server understands (XrdHttp compares
 * them literally, which is why this uses node:http and no client that lower-cases), redirections, a deadline on silence.
 *
 * A bearer token goes to the host of the URL and, after a redirection, to hosts of the same domain; never in clear text
 * beyond this machine. Bodies are bounded by what was asked for.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import type { Clock } from '../../protocol/clock.js';
import { hasTunnel, tunnelAgent } from '../../protocol/proxied.js';
import { authoritiesOf } from '../authorities.js';
import { bearerToken } from '../bearer-token.js';
import type { ByteRange, ByteSource } from '../byte-source.js';
import {
  AuthenticationError,
  BadUrlError,
  ConnectionError,
  DeadlineError,
  ProtocolError,
  RedirectError,
  whatOf,
} from '../errors.js';
import type { StorageSettings } from '../storage-options.js';
import { displayUrl } from '../url.js';

const MAX_HOPS = 10;
const SOCKETS_A_HOST = 8;
/** A body that keeps coming may take so many deadlines in all. */
const MAX_DEADLINES = 10;
/** Servers that do not know `Expect` say nothing to it. */
const CONTINUE_WITHIN_MS = 1000;
const BODY_PIECE_BYTES = 2 ** 20;

export interface HttpAsk {
  readonly method: 'GET' | 'HEAD' | 'PROPFIND' | 'PUT' | 'MOVE' | 'DELETE';
  readonly url: string;
  /** The URL as its user gave it, where `url` is one that it was redirected to before: a token is for that one's site. */
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the errors. */
  readonly range?: ByteRange;
  /** What is sent; a redirection begins it anew. */
  readonly body?: ByteSource;
  /** A longer body breaks the protocol. May look at the head first: what is allowed depends on what came. */
  readonly maxBytes: number | ((head: HttpHead) => number);
}

export interface HttpHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
export interface HttpAnswer extends HttpHead {
  readonly body: Buffer;
  /** After redirections. */
  readonly url: string;
}

/** The body goes beyond what can be meant: it is not read. */
export class TooLongError extends ProtocolError {
  constructor(
    url: string,
    what: string,
    readonly status: number,
    limit: number,
  ) {
    super(url, what, `more than the ${limit} bytes that can be meant`);
  }
}

/** Kept-alive connections of a process, apart for each set of authorities. */
export class HttpAgents {
  readonly #plain = plainAgent();
  readonly #secure = new Map<string, Promise<Agent>>();

  async agentFor(url: URL, settings: StorageSettings): Promise<Agent> {
    if (url.protocol === 'http:') return this.#plain;
    const key = JSON.stringify([settings.verifyTls, settings.caFile, settings.caFolder]);
    const known = this.#secure.get(key);
    if (known !== undefined) return known;
    const made = (async () => {
      const ca = await authoritiesOf(settings);
      const trust = { rejectUnauthorized: settings.verifyTls, ...(ca === undefined ? {} : { ca }) };
      const options = { keepAlive: true, maxSockets: SOCKETS_A_HOST, ...trust };
      return hasTunnel() ? tunnelAgent(true, options) : new TlsAgent(options);
    })();
    this.#secure.set(key, made);
    made.catch(() => this.#secure.delete(key));
    return made;
  }

  async close(): Promise<void> {
    this.#plain.destroy();
    for (const agent of this.#secure.values()) (await agent.catch(() => undefined))?.destroy();
    this.#secure.clear();
  }
}

function plainAgent(): Agent {
  const options = { keepAlive: true, maxSockets: SOCKETS_A_HOST };
  return hasTunnel() ? tunnelAgent(false, options) : new Agent(options);
}

/** One answer, redirections followed; whatever its status. @throws {StorageError} no answer, or one that cannot be meant */
export async function httpExchange(ask: HttpAsk, settings: StorageSettings): Promise<HttpAnswer> {
  const origin = parseHttpUrl(ask.origin ?? ask.url);
  let url = parseHttpUrl(ask.url);
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const headers = { ...ask.headers, ...(await authorization(url, origin, settings)) };
    const answer = await exchangeOnce({ ...ask, headers }, url, settings);
    const location = answer.headers['location'];
    if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string') return answer;
    url = parseHttpUrl(location, url);
    if (origin.protocol === 'https:' && url.protocol === 'http:' && !isLoopback(url.hostname))
      throw new RedirectError(displayUrl(origin.href), `from https to clear text at ${url.host}`);
  }
  throw new RedirectError(displayUrl(origin.href), `${MAX_HOPS} redirections, the last to ${url.host}`);
}

/** @throws {BadUrlError} */
export function parseHttpUrl(url: string, base?: URL): URL {
  let parsed: URL;
  try {
    parsed = new URL(url.replace(/^dav(s?):/i, 'http$1:'), base);
  } catch {
    throw new BadUrlError(displayUrl(url), 'write https://host:port/path, with %-escapes where needed'); // no cause: it holds the URL
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new BadUrlError(displayUrl(url), 'http or https is needed');
  return parsed;
}

async function authorization(url: URL, origin: URL, settings: StorageSettings): Promise<Record<string, string>> {
  const token = await bearerToken(settings, displayUrl(origin.href));
  if (token === undefined || !isSameSite(url.hostname, origin.hostname)) return {};
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new AuthenticationError(displayUrl(url.href), 'a token is sent over https only');
  return { Authorization: `Bearer ${token}` };
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/** The same host, or one of the same domain of at least two labels: a door and its pool nodes. */
function isSameSite(host: string, origin: string): boolean {
  if (host === origin || (isLoopback(host) && isLoopback(origin))) return true;
  const domain = origin.split('.').slice(1).join('.');
  return domain.includes('.') && /[a-z]/i.test(domain) && host.endsWith(`.${domain}`);
}

async function exchangeOnce(ask: HttpAsk, url: URL, settings: StorageSettings): Promise<HttpAnswer> {
  const { clock, deadlineMs } = settings;
  const display = displayUrl(ask.origin ?? ask.url);
  const what = whatOf(display, ask.range);
  const agent = await settings.pool.http.agentFor(url, settings).catch((cause: Error) => {
    throw new AuthenticationError(display, `certificates of authorities: ${cause.message}`, { cause });
  });
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const startedAt = clock.now();
    let heardAt = startedAt;
    // XrdHttp's `100 Continue` says `Connection: Close`, which Node's parser takes only when told to be lenient.
    const withBody = ask.body === undefined || ask.body.size === 0 ? {} : { insecureHTTPParser: true };
    const expect = 'insecureHTTPParser' in withBody ? { Expect: '100-continue' } : {};
    const request = send(url, { method: ask.method, agent, headers: { ...ask.headers, ...expect }, ...withBody });
    const fail = (error: Error): void => {
      cancel();
      reject(error);
      request.destroy();
    };
    const lookAgain = (): void => {
      const now = clock.now();
      const dueAt = Math.min(heardAt + deadlineMs, startedAt + MAX_DEADLINES * deadlineMs);
      if (now >= dueAt) fail(new DeadlineError(display, `${what} from ${url.host}`, Math.round(now - startedAt)));
      else cancel = clock.after(dueAt - now, lookAgain);
    };
    let cancel = clock.after(deadlineMs, lookAgain);
    const cut = (cause: Error): void => fail(new ConnectionError(display, what, cause.message, { cause }));
    request.on('error', cut);
    request.on('response', (response) => {
      heardAt = clock.now();
      const head = { status: response.statusCode ?? 0, headers: response.headers };
      const limit = typeof ask.maxBytes === 'number' ? ask.maxBytes : ask.maxBytes(head);
      const heard = (): void => {
        heardAt = clock.now();
      };
      if (!request.writableEnded) response.once('end', () => request.destroy()); // answered before it was all sent
      collect(response, ask.method === 'HEAD' ? Number.POSITIVE_INFINITY : limit, heard).then(
        (body) => {
          cancel();
          if (body !== undefined) resolve({ ...head, body, url: url.href });
          else fail(new TooLongError(display, what, head.status, limit));
        },
        (cause: Error) => cut(cause),
      );
    });
    if (ask.body === undefined || ask.body.size === 0) request.end();
    else
      sendBody(request, ask.body, {
        clock,
        onSent: () => {
          heardAt = clock.now();
        },
      }).catch(fail);
  });
}

/** Once the server asks for it, or says nothing for a moment; not at all where it answers at once: with a redirection, or a refusal. */
async function sendBody(
  request: ClientRequest,
  body: ByteSource,
  { clock, onSent }: { clock: Clock; onSent: () => void },
): Promise<void> {
  const isWanted = await new Promise<boolean>((resolve) => {
    const cancel = clock.after(CONTINUE_WITHIN_MS, () => resolve(true));
    const settle = (wanted: boolean) => (): void => {
      cancel();
      resolve(wanted);
    };
    request.once('continue', settle(true));
    request.once('response', settle(false));
    request.once('close', settle(false));
    request.flushHeaders();
  });
  for (let at = 0; isWanted && at < body.size && !request.destroyed; at += BODY_PIECE_BYTES) {
    const piece = await body.read(at, Math.min(BODY_PIECE_BYTES, body.size - at));
    const isRoomy = request.write(piece);
    if (!isRoomy)
      await new Promise<void>((resolve) => {
        request.once('drain', resolve);
        request.once('close', resolve);
      });
    onSent();
  }
  if (isWanted && !request.destroyed) request.end();
}

/** The body, or undefined when it is longer than allowed. A cut connection is an error, not a short body. */
async function collect(response: IncomingMessage, limit: number, heard: () => void): Promise<Buffer | undefined> {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > limit) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    heard();
    length += part.length;
    if (length > limit) return undefined;
    parts.push(part);
  }
  if (!response.complete) throw new Error('the connection was cut in the middle of the answer');
  return parts.length === 1 ? parts[0] : Buffer.concat(parts, length);
}
