/**
 * Requests by URL: finds the server that answers. Follows redirections from managers, waits when told to, and when a server
 * that a manager chose fails, goes back to the manager for another one (`tried=`), or to one that `locate` names.
 * Bounds: MAX_HOPS redirections, MAX_SERVERS failing servers, a deadline for each answer and for all waiting together.
 */
import type { Clock } from '../../protocol/clock.js';
import { ConnectionError, DeadlineError, ProtocolError, RedirectError, StorageError, whatOf } from '../errors.js';
import type { StorageSettings } from '../storage-options.js';
import { type Answer, locationsOf, type XrootdLocation } from './answer.js';
import type { Server } from './connection-pool.js';
import { FrameFault } from './frame-bodies.js';
import type { Endpoint, Subject } from './transport.js';
import { locateRequest, refreshRequest, type WireRequest } from './wire.js';
import { errorOfAnswer, isFinal } from './xrootd-errors.js';
import { withOpaque, type XrootdUrl } from './xrootd-url.js';

const MAX_HOPS = 16;
const MAX_SERVERS = 8;
const SHORTEST_WAIT_MS = 50;

/** Where a request goes, and what a redirection gave on the way there. */
interface Place {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly opaque: string;
  readonly token: string;
}

export interface Found {
  readonly body: Buffer;
  readonly server: Server;
}

/** Makes the request for a path with its opaque part. */
export type RequestMaker = (path: string) => WireRequest;

export class XrootdClient {
  readonly url: XrootdUrl;
  readonly settings: StorageSettings;

  constructor(url: XrootdUrl, settings: StorageSettings) {
    this.url = url;
    this.settings = url.user === undefined ? settings : { ...settings, user: url.user };
  }

  get subject(): Subject {
    return { url: this.url.display };
  }

  /**
   * The whole answer, and the server that gave it.
   * @param failed servers that are not to be asked, since they failed before
   * @throws {StorageError} of the first server that failed, when no other could help
   */
  async perform(make: RequestMaker, failed: readonly Endpoint[] = []): Promise<Found> {
    const avoided: Endpoint[] = [];
    try {
      return await this.#search(make, failed, avoided);
    } catch (error) {
      if (avoided.length === 0) throw error;
      return this.#search(make, failed); // rather a server that failed a while ago than none
    }
  }

  /** Reports a server that a manager chose, and avoids it for a while. */
  noteFailure({ host, port }: Endpoint, error: StorageError): void {
    const { pool, clock, avoidMs, onReplicaFailed } = this.settings;
    const url = this.#urlAt({ host, port });
    pool.avoid.add(url, error, clock.now() + avoidMs);
    onReplicaFailed?.({ url, error });
  }

  /** @param avoided collects the servers that were passed over since they failed lately; absent: none is */
  async #search(make: RequestMaker, failed: readonly Endpoint[], avoided?: Endpoint[]): Promise<Found> {
    const start = this.#placeAt(this.url.endpoint);
    const tried = [...failed];
    let first: StorageError | undefined;
    while (tried.length <= MAX_SERVERS) {
      const walk = new Walk(this.settings.clock, this.settings.deadlineMs, this.subject);
      try {
        return await this.#walk(start, make, { walk, tried, avoided });
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        first ??= error;
        const { endpoint } = walk;
        if (isFinal(error) || endpoint === undefined) break;
        if (isSame(endpoint, start.endpoint)) break; // the manager itself, or the only server
        tried.push(endpoint);
        if (avoided?.includes(endpoint) !== true) this.noteFailure(endpoint, error);
      }
    }
    const none = new ConnectionError(this.url.display, this.url.display, 'every server of it failed');
    return this.#elsewhere(make, tried, first ?? none);
  }

  /** The last resort: servers that hold the file by the manager's own account, though it would not choose them. */
  async #elsewhere(make: RequestMaker, tried: Endpoint[], first: StorageError): Promise<Found> {
    if (tried.length === 0 || isFinal(first)) throw first;
    const known = await this.locate().catch(() => []);
    for (const location of known.slice(0, MAX_SERVERS)) {
      if (location.isManager || tried.some((endpoint) => isSame(endpoint, location))) continue;
      const walk = new Walk(this.settings.clock, this.settings.deadlineMs, this.subject);
      try {
        return await this.#walk(this.#placeAt(location), make, { walk, tried: [] });
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
    }
    throw first;
  }

  /** Is the server that the URL names one that only redirects? */
  async isManager(): Promise<boolean> {
    const { url, settings, subject } = this;
    const wish = { endpoint: url.endpoint, settings, subject, wantTls: url.wantTls, token: '' };
    return (await settings.pool.xrootd.server(wish)).traits.isManager;
  }

  /** Servers that have the path, by the account of the one that the URL names. */
  async locate({ refresh = false } = {}): Promise<XrootdLocation[]> {
    const walk = new Walk(this.settings.clock, this.settings.deadlineMs, this.subject);
    const start = this.#placeAt(this.url.endpoint);
    const { body } = await this.#walk(start, refresh ? refreshRequest : locateRequest, { walk, tried: [] });
    return this.parsed(() => locationsOf(body));
  }

  /** A body that cannot be understood is the server's fault. @throws {ProtocolError} */
  parsed<T>(parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      if (!(cause instanceof FrameFault)) throw cause;
      throw new ProtocolError(this.url.display, this.url.display, cause.message, { cause });
    }
  }

  #urlAt({ host, port }: Endpoint): string {
    return `root://${host.includes(':') ? `[${host}]` : host}:${port}/${this.url.path}`;
  }

  #isAvoided(endpoint: Endpoint): boolean {
    return this.settings.pool.avoid.isAvoided(this.#urlAt(endpoint), this.settings.clock.now());
  }

  #placeAt(endpoint: Endpoint): Place {
    return { endpoint, path: this.url.path, opaque: '', token: '' };
  }

  async #walk(
    start: Place,
    make: RequestMaker,
    { walk, tried, avoided }: { walk: Walk; tried: readonly Endpoint[]; avoided?: Endpoint[] | undefined },
  ): Promise<Found> {
    let place = start;
    for (;;) {
      if (place !== start && avoided !== undefined && this.#isAvoided(place.endpoint)) {
        avoided.push(walk.goTo(place.endpoint));
        throw new ConnectionError(this.url.display, this.url.display, `${place.endpoint.host} failed a while ago`);
      }
      const server = await this.settings.pool.xrootd.server({
        endpoint: walk.goTo(place.endpoint),
        settings: this.settings,
        subject: this.subject,
        wantTls: this.url.wantTls,
        token: place.token,
      });
      const avoid = tried.length === 0 ? '' : `tried=${[...new Set(tried.map(({ host }) => host))].join(',')}`;
      const request = make(withOpaque(place.path, this.url.opaque, place.opaque, avoid));
      const answer = await server.connection.request(request, {
        subject: this.subject,
        deadlineMs: this.settings.deadlineMs,
      });
      const next = await this.#next(answer, place, walk);
      if (Buffer.isBuffer(next)) return { body: next, server };
      place = next;
    }
  }

  /** The body that was wanted, or where to ask now. */
  async #next(answer: Answer, place: Place, walk: Walk): Promise<Buffer | Place> {
    switch (answer.kind) {
      case 'ok':
        return answer.body;
      case 'redirect':
        return {
          endpoint: walk.hop(answer),
          path: answer.path ?? place.path,
          opaque: answer.opaque,
          token: answer.token,
        };
      case 'wait':
        await walk.wait(answer.seconds);
        return place;
      case 'error':
        throw errorOfAnswer(this.subject, answer);
      case 'authMore':
        throw new ProtocolError(this.url.display, this.url.display, 'it asks for a login after the login');
    }
  }
}

/** One search for a server: counts hops and waiting, so that it ends. */
class Walk {
  /** The server asked last. */
  endpoint: Endpoint | undefined;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #subject: Subject;
  #waitedMs = 0;
  #hops = 0;

  constructor(clock: Clock, deadlineMs: number, subject: Subject) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#subject = subject;
  }

  goTo(endpoint: Endpoint): Endpoint {
    this.endpoint = endpoint;
    return endpoint;
  }

  hop(to: Endpoint): Endpoint {
    if (++this.#hops > MAX_HOPS)
      throw new RedirectError(this.#subject.url, `${MAX_HOPS} redirections, the last to ${to.host}:${to.port}`);
    return { host: to.host, port: to.port };
  }

  async wait(seconds: number): Promise<void> {
    const ms = Math.max(SHORTEST_WAIT_MS, seconds * 1000);
    this.#waitedMs += ms;
    if (this.#waitedMs > this.#deadlineMs) {
      const { url, range } = this.#subject;
      throw new DeadlineError(url, `the server asks to wait ${seconds} s for ${whatOf(url, range)}`, this.#deadlineMs);
    }
    await new Promise<void>((resolve) => void this.#clock.after(ms, resolve));
  }
}

export const isSame = (a: Endpoint, b: Endpoint): boolean => a.host === b.host && a.port === b.port;
