/**
 * The embedded catalog behind the ProxyServer's one port: what is asked below /catalog is handed through to it on the loopback, and its
 * answer back, byte by byte as they come. Nothing is held here, so that lists of millions of lines take no memory; the catalog knows its
 * callers and limits the times of bodies itself.
 */
import { Agent, request as ask, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { CatalogUnreachableError } from '../catalog/grid/errors.js';
import { OPEN_ROUTES } from '../catalog/grid/wire.js';
import { errorBody } from '../protocol/errors.js';
import { ANSWER_HEADERS, type ServerGuard } from '../protocol/guarded-server.js';
import { lingerAfter, STAYS_TO_BE_HEARD } from '../protocol/linger.js';
import type { Logger } from '../protocol/log.js';
import { headersThrough, requestHeaders } from './door-headers.js';

/** Where it stands on the ProxyServer's port. */
export const CATALOG_PATH = '/catalog';

/** Idle connections to the catalog; it closes them itself later than that. */
const KEPT_MS = 30_000;

/** One request, on its way through. */
interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly hasBody: boolean;
}

export interface CatalogDoorOptions {
  /** Of the catalog as this machine reaches it; null: it is not there yet. */
  readonly url: () => string | null;
  readonly guard: Pick<ServerGuard, 'refused' | 'settled'>;
  readonly log: Logger;
}

export class CatalogDoor {
  readonly #options: CatalogDoorOptions;
  /** For what has no body and so can be asked again; a body goes over a connection of its own. */
  readonly #kept = new Agent({ keepAlive: true, timeout: KEPT_MS });

  constructor(options: CatalogDoorOptions) {
    this.#options = options;
  }

  /** Takes that request over, to its end. */
  handThrough(request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    response.on('error', () => {}); // the peer vanished: 'close' follows
    lingerAfter(response, request);
    this.#ask({ request, response, hasBody }, hasBody ? undefined : this.#kept);
  }

  close(): void {
    this.#kept.destroy();
  }

  #ask(passage: Passage, agent: Agent | undefined): void {
    const { request, response, hasBody } = passage;
    const url = this.#options.url();
    if (url === null) {
      this.#fail(passage, 'it has not started yet');
      return;
    }
    const { hostname, port, host } = new URL(url);
    const asking = ask({
      ...{ hostname, port, method: request.method, path: pathIn(request) },
      headers: { ...requestHeaders(request.rawHeaders, host), ...(hasBody ? STAYS_TO_BE_HEARD : {}) },
      agent: agent ?? false,
    });
    const end = (): void => void asking.destroy();
    response.once('close', end);
    asking.once('response', (answer) => this.#answer(passage, answer));
    asking.on('error', (error: NodeJS.ErrnoException) => {
      request.unpipe(asking);
      if (response.headersSent || response.destroyed) return; // its own stream tells how that ended
      response.off('close', end);
      if (isStale(asking, error)) this.#ask(passage, undefined);
      else this.#fail(passage, error.message);
    });
    if (hasBody) request.pipe(asking);
    else asking.end();
  }

  #answer({ request, response }: Passage, answer: IncomingMessage): void {
    const status = answer.statusCode ?? 502;
    const headers = headersThrough(answer.rawHeaders);
    const { guard } = this.#options;
    if (status === 401 && guard.refused(request)) headers['connection'] = 'close';
    if (status < 400 && !OPEN_ROUTES.has(pathIn(request).split('?')[0]!)) guard.settled(request.socket);
    response.writeHead(status, headers);
    pipeline(answer, response, () => {}); // one that breaks off cuts the connection: half an answer is none
  }

  #fail({ request, response }: Passage, why: string): void {
    const error = new CatalogUnreachableError(
      `The catalog of this ProxyServer does not answer at present (${why}). It is started again by itself: try again in a minute.`,
    );
    this.#options.log.warn(error.message, { path: pathIn(request).split('?')[0]!.slice(0, 200) });
    const text = JSON.stringify(errorBody(error));
    const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) };
    response.writeHead(503, { ...ANSWER_HEADERS, ...headers, 'retry-after': '1' }).end(text);
  }
}

const pathIn = (request: IncomingMessage): string => request.url!.slice(CATALOG_PATH.length);

/** The catalog had let go of a kept connection in the moment in which it was taken again. */
const isStale = (asking: ClientRequest, { code }: NodeJS.ErrnoException): boolean =>
  asking.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
