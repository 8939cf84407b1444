/**
 * Dials a WebSocket link and, where asked, again and again with jittered, doubling pauses (0.2 s to 10 s by default).
 *
 * A refusal with an HTTP status 4xx is final: its `{ code, message }` becomes the error. Everything else is tried again until `giveUpAfterMs`
 * have passed without a connection.
 */
import { WebSocket } from 'ws';
import { checked, parseJson } from './check.js';
import { GridError, RemoteError } from './errors.js';
import { MAX_FRAME_BYTES } from './frame.js';
import { Link, type LinkOptions } from './link.js';
import { proxyAgentFor } from './proxied.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
const FAREWELL_MS = 2000;

/** Nobody answers at that address, or not in the time allowed. */
export class UnreachableError extends GridError {
  readonly code = 'PROTOCOL_UNREACHABLE';
  override readonly retryable = true;
}

/** The other end is no server of ours, or something on the way answered in its place. */
class RefusedError extends GridError {
  readonly code = 'PROTOCOL_REFUSED';
}

export interface DialOptions<In, Out extends object> extends LinkOptions<In> {
  readonly url: string;
  /** Asked for anew at each attempt where it is a function: one-time tickets. */
  readonly headers?: Record<string, string> | (() => Promise<Record<string, string>>);
  /** PEM of the authority to trust besides the system's, for wss:. */
  readonly ca?: string;
  /** Each time a connection stands: the place to say hello. */
  readonly onOpen: (link: Link<In, Out>) => void;
  /** A connection that stood is lost and will be dialled again; absent: one connection, no retries. */
  readonly onLost?: (why: string) => void;
  /** With `onLost`: give up after so long without a connection. */
  readonly giveUpAfterMs?: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** In [0, 1): jitter. */
  readonly random?: () => number;
  readonly handshakeTimeoutMs?: number;
}

/** A running dialler. `onClosed` is called once, when it gave up, was refused, or (without `onLost`) its connection ended. */
export interface Dialler {
  /** @returns when the peer has read all that was said before (it answers the close), or after FAREWELL_MS: a process that ends has to wait for that */
  close(why: string): Promise<void>;
}

export function dial<In, Out extends object>(options: DialOptions<In, Out>): Dialler {
  const redialler = new Redialler(options);
  redialler.connect();
  return redialler;
}

/** One connection after the other. */
class Redialler<In, Out extends object> implements Dialler {
  readonly #options: DialOptions<In, Out>;
  #pause: number;
  #lostAt: number;
  #link: Link<In, Out> | undefined;
  #socket: WebSocket | undefined;
  #cancelRetry = (): void => {};
  #isOver = false;

  constructor(options: DialOptions<In, Out>) {
    this.#options = options;
    this.#pause = options.firstPauseMs ?? FIRST_PAUSE_MS;
    this.#lostAt = options.clock.now();
  }

  connect(): void {
    const { headers = {} } = this.#options;
    if (typeof headers !== 'function') this.#connectWith(headers);
    else
      headers().then(
        (given) => this.#isOver || this.#connectWith(given),
        (error: Error) => this.#retry(error.message),
      );
  }

  close(why: string): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#isOver = true;
    this.#cancelRetry();
    const heardOut = this.#link === undefined ? Promise.resolve() : this.#heardOut();
    if (this.#link !== undefined) this.#link.close(why);
    else this.#socket?.terminate();
    this.#options.onClosed(why);
    return heardOut;
  }

  #heardOut(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(FAREWELL_MS, resolve);
      this.#socket?.once('close', () => {
        cancel();
        resolve();
      });
    });
  }

  #connectWith(headers: Record<string, string>): void {
    this.#socket = attempt(this.#options, headers, {
      opened: (socket) => this.#opened(socket),
      refused: ({ message }, status) =>
        status !== undefined && status < 500 ? this.#finish(message) : this.#retry(message),
      failed: ({ message }) => this.#retry(message),
    });
  }

  #opened(socket: WebSocket): void {
    const options = this.#options;
    this.#pause = options.firstPauseMs ?? FIRST_PAUSE_MS;
    this.#link = new Link<In, Out>(socket, { ...options, onClosed: (why) => this.#lost(why) });
    options.onOpen(this.#link);
  }

  #lost(why: string): void {
    this.#link = undefined;
    this.#lostAt = this.#options.clock.now();
    if (!this.#isOver) this.#options.onLost?.(why);
    this.#retry(why);
  }

  #retry(why: string): void {
    if (this.#isOver) return;
    const { clock, onLost, giveUpAfterMs = Number.POSITIVE_INFINITY, random = Math.random } = this.#options;
    if (onLost === undefined || clock.now() - this.#lostAt >= giveUpAfterMs) {
      this.#finish(why);
      return;
    }
    this.#cancelRetry = clock.after(this.#pause * (0.5 + random() / 2), () => this.connect());
    this.#pause = Math.min(this.#pause * 2, this.#options.longestPauseMs ?? LONGEST_PAUSE_MS);
  }

  #finish(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelRetry();
    this.#options.onClosed(why);
  }
}

type ConnectOptions<In, Out extends object> = Omit<DialOptions<In, Out>, 'onOpen'>;

/** One attempt to connect: one of the three is called, once. */
function attempt<In, Out extends object>(
  options: ConnectOptions<In, Out>,
  headers: Record<string, string>,
  on: {
    readonly opened: (socket: WebSocket) => void;
    readonly refused: (refusal: GridError, status: number | undefined) => void;
    readonly failed: (error: Error) => void;
  },
): WebSocket {
  const socket = openSocket(options, headers);
  let settled = false; // 'error' may follow 'unexpected-response'
  socket.once('open', () => {
    settled = true;
    on.opened(socket);
  });
  socket.once('unexpected-response', (_request, response) => {
    settled = true;
    readRefusal(response, (refusal) => on.refused(refusal, response.statusCode));
  });
  socket.on('error', (error) => {
    if (settled) return;
    settled = true;
    on.failed(error);
  });
  return socket;
}

function openSocket<In, Out extends object>(
  options: ConnectOptions<In, Out>,
  headers: Record<string, string>,
): WebSocket {
  const agent = proxyAgentFor(options.url);
  return new WebSocket(options.url, {
    ...(agent === undefined ? {} : { agent }),
    headers,
    handshakeTimeout: options.handshakeTimeoutMs ?? 10_000,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
}

/** One connection without retries, as a promise. @throws {UnreachableError | RemoteError} */
export function dialOnce<In, Out extends object>(
  options: Omit<DialOptions<In, Out>, 'onOpen' | 'onLost' | 'headers'> & { headers?: Record<string, string> },
): Promise<Link<In, Out>> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(options, options.headers ?? {});
    socket.once('open', () => resolve(new Link<In, Out>(socket, options)));
    socket.once('unexpected-response', (_request, response) => readRefusal(response, reject));
    socket.on('error', (cause) =>
      reject(new UnreachableError(`Cannot connect to ${new URL(options.url).host}: ${cause.message}.`, { cause })),
    );
  });
}

function readRefusal(response: import('node:http').IncomingMessage, done: (error: GridError) => void): void {
  const parts: Buffer[] = [];
  let nbytes = 0;
  response.on('data', (part: Buffer) => {
    nbytes += part.length;
    if (nbytes <= 65_536) parts.push(part);
  });
  response.once('close', async () => {
    try {
      // Loaded when needed: a worker's link thread starts without the schema library.
      const { errorShape } = await import('./ids.js');
      const { code, message } = checked(errorShape, parseJson(Buffer.concat(parts).toString('utf8')));
      done(new RemoteError(code, message));
    } catch {
      // Not one of our servers, or a proxy on the way: the status is all that it says.
      done(new RefusedError(`The server refused the connection with HTTP status ${response.statusCode}.`));
    }
  });
}
