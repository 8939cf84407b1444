/**
 * One connection to one XRootD server: many requests in flight, a deadline for each.
 *
 * Requests are told apart by their stream id, so a slow answer holds up no other. A request that is out of time is given up
 * alone; a server that sent nothing since is taken for dead, and the connection with it. Whatever breaks the protocol ends
 * the connection: every request on it fails with the reason. An idle connection does not keep the process alive.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../protocol/clock.js';
import { ConnectionError, DeadlineError, ProtocolError, type StorageError } from '../errors.js';
import type { Answer } from './answer.js';
import { Exchanges } from './exchanges.js';
import { type AnswerSink, FrameFault, GrowingSink } from './frame-bodies.js';
import {
  type Attempt,
  connectSocket,
  type Endpoint,
  encrypt,
  nameOf,
  type Subject,
  type TlsWish,
} from './transport.js';
import { encodeRequest, HANDSHAKE, type WireRequest } from './wire.js';

export interface RequestOptions {
  readonly subject: Subject;
  readonly deadlineMs: number;
  /** Where the answer's bytes go; by default a buffer that grows to MAX_TEXT_BYTES. */
  readonly sink?: AnswerSink;
}

/** The listing of a large directory fits. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;
/** While data keeps coming, a request may wait behind it for so many deadlines in all. */
const MAX_DEADLINES = 4;
/** So many requests without any answer: the server has a trouble of its own. */
const MAX_UNANSWERED = 64;

/** Makes the error of one request from its subject. */
type ErrorMaker = (subject: Subject) => StorageError;

export class XrootdConnection {
  readonly endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #exchanges = new Exchanges();
  /** How to fail each request in flight. */
  readonly #failers = new Set<(make: ErrorMaker) => void>();
  #socket: Socket;
  #receivedAt = 0;
  #dataAt = 0;
  #failure: ErrorMaker | undefined;

  private constructor(endpoint: Endpoint, socket: Socket, clock: Clock) {
    this.endpoint = endpoint;
    this.#clock = clock;
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#watch(socket);
  }

  /** Connected, nothing said yet. @throws {ConnectionError | DeadlineError} */
  static async open(endpoint: Endpoint, attempt: Attempt): Promise<XrootdConnection> {
    const opened: { connection?: XrootdConnection } = {};
    const receive = (bytes: Buffer): void => {
      if (opened.connection !== undefined) opened.connection.#receive(bytes); // else it speaks before it was asked
    };
    const socket = await connectSocket(endpoint, receive, attempt);
    opened.connection = new XrootdConnection(endpoint, socket, attempt.clock);
    return opened.connection;
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }
  get isIdle(): boolean {
    return this.#exchanges.waiting === 0;
  }
  /** This end of the connection, as the server sees it (without address translation). */
  get local(): { readonly address: string; readonly port: number } {
    return { address: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 };
  }

  /** The first bytes of all; the server answers them under stream id 0. */
  greet(options: RequestOptions): Promise<Answer> {
    return this.#send(0, HANDSHAKE, options);
  }

  /** One request and its whole answer. @throws {ConnectionError | ProtocolError | DeadlineError} */
  async request(request: WireRequest, options: RequestOptions): Promise<Answer> {
    const id = this.#exchanges.freeId();
    const { subject } = options;
    if (id === undefined) throw new ConnectionError(subject.url, nameOf(subject), 'too many requests at once');
    return this.#send(id, encodeRequest(id, request), options);
  }

  /** From here on everything is encrypted. Nothing may be in flight. */
  async startTls(tls: TlsWish, { subject, deadlineMs }: RequestOptions): Promise<void> {
    const { host } = this.endpoint;
    this.#socket = await encrypt(this.#socket, { ...tls, host }, { clock: this.#clock, deadlineMs, subject });
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#watch(this.#socket);
  }

  /** With a goodbye: over TLS a server takes a bare end for an attack. */
  close(): void {
    this.#socket.end();
    this.#fail((subject) => new ConnectionError(subject.url, nameOf(subject), 'it was closed here'));
  }

  #watch(socket: Socket): void {
    socket.on('error', (cause) => this.#lost(cause.message, cause));
    socket.on('close', () => this.#lost('the server closed it'));
  }

  #receive(bytes: Buffer): void {
    const before = this.#exchanges.dataBytes;
    this.#receivedAt = this.#clock.now();
    try {
      this.#exchanges.receive(bytes);
    } catch (cause) {
      if (!(cause instanceof FrameFault)) throw cause;
      this.#fail((subject) => new ProtocolError(subject.url, nameOf(subject), cause.message, { cause }));
    }
    if (this.#exchanges.dataBytes > before) this.#dataAt = this.#receivedAt;
  }

  #lost(why: string, cause?: Error): void {
    this.#fail((subject) => new ConnectionError(subject.url, nameOf(subject), why, { cause }));
  }

  #fail(make: ErrorMaker): void {
    if (this.#failure !== undefined) return;
    this.#failure = make;
    this.#exchanges.forgetAll();
    if (this.#socket.writableEnded) this.#socket.destroySoon();
    else this.#socket.destroy();
    for (const fail of [...this.#failers]) fail(make);
  }

  #send(id: number, bytes: Buffer, { subject, deadlineMs, sink }: RequestOptions): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure(subject));
    if (this.#exchanges.waiting === 0) this.#socket.ref();
    return new Promise((resolve, reject) => {
      const sentAt = this.#clock.now();
      const settled = (): void => {
        cancel();
        this.#failers.delete(fail);
        if (this.#exchanges.waiting === 0) this.#socket.unref();
      };
      const fail = (make: ErrorMaker): void => {
        settled();
        reject(make(subject));
      };
      const lookAgain = (): void => {
        const now = this.#clock.now();
        const dueAt = Math.min(Math.max(sentAt, this.#dataAt) + deadlineMs, sentAt + MAX_DEADLINES * deadlineMs);
        if (now < dueAt) cancel = this.#clock.after(dueAt - now, lookAgain);
        else this.#giveUp(id, sentAt, fail);
      };
      let cancel = this.#clock.after(deadlineMs, lookAgain);
      const done = (answer: Answer): void => {
        settled();
        resolve(answer);
      };
      this.#failers.add(fail);
      this.#exchanges.add(id, { sink: sink ?? new GrowingSink(MAX_TEXT_BYTES), done });
      this.#socket.write(bytes);
    });
  }

  #giveUp(id: number, sentAt: number, fail: (make: ErrorMaker) => void): void {
    const { host, port } = this.endpoint;
    const waitedMs = Math.round(this.#clock.now() - sentAt);
    this.#exchanges.giveUp(id);
    fail((subject) => new DeadlineError(subject.url, `${nameOf(subject)} at ${host}:${port}`, waitedMs));
    if (this.#receivedAt < sentAt || this.#exchanges.unanswered > MAX_UNANSWERED)
      this.#lost(`${host}:${port} fell silent`);
  }
}
