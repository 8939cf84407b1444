/**
 * An HTTP server that strangers cannot hold up: times for heads, requests and handshakes, and the limits of peer-limits.ts at its socket.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from './clock.js';
import { GridError } from './errors.js';
import { PEER_LIMITS, RateLimit, REFUSED_LIMITS, Strangers } from './peer-limits.js';

/** For the server's making. A head that dribbles in is cut off after 10 s, a whole request after `requestTimeout`. */
export const SERVER_TIMES = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 } as const;
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Of every answer: what it says is data, whatever a browser would make of the names in it. */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/**
 * What has no body has no type either: some clients call every POST a form, of which no server here knows. One that says JSON has lost its body,
 * and is told so. To be called before the body would be parsed.
 */
export function forgetTypeOfNothing({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (isEmpty && !/json/i.test(headers['content-type'] ?? '')) delete headers['content-type'];
}

/** A peer asks more than one may. */
export class TooManyRequestsError extends GridError {
  readonly code = 'PROTOCOL_TOO_MANY_REQUESTS';
  override readonly retryable = true;
}

export class ServerGuard {
  readonly #clock: Clock;
  readonly #strangers = new Strangers(PEER_LIMITS);
  readonly #asked = new RateLimit(PEER_LIMITS);
  readonly #refused = new RateLimit(REFUSED_LIMITS);
  /** Addresses of the connections that count as strangers, by their address and port. */
  readonly #unknown = new Map<string, string>();

  /** @param server http or https, before it listens */
  constructor(server: Server, clock: Clock) {
    this.#clock = clock;
    server.on('connection', (socket: Socket) => this.#connected(socket));
  }

  /** A request of somebody known: the connection is no stranger's any more. @throws {TooManyRequestsError} */
  known(request: IncomingMessage, user: string): void {
    this.#settle(keyOf(request.socket));
    if (!this.#asked.take(user, this.#clock.now()))
      throw new TooManyRequestsError(`${user} asks too often: more than ${PEER_LIMITS.perSecond} times a second.`);
  }

  /** A link that proved itself otherwise: a ticket, an agent's secret. */
  settled(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    this.#settle(keyOf(socket));
  }

  /** A request was refused for who sent it. @returns true: the connection shall be closed, its address asks too often */
  refused(request: IncomingMessage): boolean {
    return !this.#refused.take(request.socket.remoteAddress ?? '', this.#clock.now());
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    if (!this.#strangers.enter(address)) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    this.#unknown.set(key, address);
    socket.once('close', () => this.#settle(key));
  }

  #settle(key: string): void {
    const address = this.#unknown.get(key);
    if (address === undefined) return;
    this.#unknown.delete(key);
    this.#strangers.leave(address);
  }
}

const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress} ${remotePort}`;
