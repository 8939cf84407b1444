/**
 * One connection to one XRootD server: frames in and out, many requests in flight, a deadline for each.
 *
 * Requests are told apart by their stream id, so a slow answer holds up no other. A request that is out of time is given up
 * alone; its id stays taken until the server answers after all. A server that sent nothing since is taken for dead, and the
 * connection with it. Whatever breaks the protocol ends the connection: every request on it fails with the reason.
 * An idle connection does not keep the process alive.
 */
import { createConnection, type Socket } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import type { Clock } from '../../protocol/clock.js';
import type { ByteRange } from '../byte-source.js';
import { ConnectionError, DeadlineError, ProtocolError, type StorageError, whatOf } from '../errors.js';
import { type Answer, answerOf } from './answer.js';
import { type AnswerSink, bodyInto, DiscardSink, FrameFault, GrowingSink } from './frame-bodies.js';
import { type FrameBody, FrameReader } from './frame-reader.js';
import { asyncResponse, encodeRequest, HANDSHAKE, STATUS, type WireRequest } from './wire.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a request is for: for its errors. */
export interface Subject {
  readonly url: string;
  readonly range?: ByteRange;
}

export interface RequestOptions {
  readonly subject: Subject;
  readonly deadlineMs: number;
  /** Where the answer's bytes go; by default a buffer that grows to MAX_TEXT_BYTES. */
  readonly sink?: AnswerSink;
}

interface Pending {
  readonly subject: Subject;
  sink: AnswerSink;
  readonly settle: (outcome: Answer | StorageError) => void;
  readonly sentAt: number;
}

/** A listing of a large directory fits; errors, redirections and security parameters stay far below SMALL. */
export const MAX_TEXT_BYTES = 64 * 2 ** 20;
const MAX_SMALL_BYTES = 64 * 1024;
const MAX_STATUS_BYTES = 256;
const MAX_STREAMS = 0xffff;
const MAX_ABANDONED = 64;

const BULK: ReadonlySet<number> = new Set([STATUS.ok, STATUS.okSoFar]);

export class XrootdConnection {
  readonly endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  readonly #abandoned = new Set<number>();
  readonly #reader = new FrameReader((id, status, length) => this.#onFrame(id, status, length));
  #socket: Socket;
  #nextId = 0;
  #lastReceived = 0;
  #failure: string | undefined;

  private constructor(endpoint: Endpoint, socket: Socket, clock: Clock) {
    this.endpoint = endpoint;
    this.#clock = clock;
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#listen(socket);
  }

  /** Connected, nothing said yet. @throws {ConnectionError | DeadlineError} */
  static open(
    endpoint: Endpoint,
    subject: Subject,
    limits: { clock: Clock; deadlineMs: number },
  ): Promise<XrootdConnection> {
    const { clock, deadlineMs } = limits;
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: endpoint.host, port: endpoint.port });
      const fail = (error: StorageError): void => {
        cancel();
        socket.destroy();
        reject(error);
      };
      const cancel = clock.after(deadlineMs, () =>
        fail(new DeadlineError(subject.url, `connecting to ${endpoint.host}:${endpoint.port}`, deadlineMs)),
      );
      const refused = (cause: Error): void =>
        fail(new ConnectionError(subject.url, nameOf(subject), cause.message, { cause }));
      socket.once('error', refused);
      socket.once('connect', () => {
        cancel();
        socket.off('error', refused);
        resolve(new XrootdConnection(endpoint, socket, clock));
      });
    });
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }
  /** Requests under way. */
  get load(): number {
    return this.#pending.size;
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
  request(request: WireRequest, options: RequestOptions): Promise<Answer> {
    const id = this.#freeId();
    if (id === undefined)
      return Promise.reject(
        new ConnectionError(options.subject.url, nameOf(options.subject), 'too many requests at once'),
      );
    return this.#send(id, encodeRequest(id, request), options);
  }

  /** From here on everything is encrypted. Nothing may be in flight. */
  startTls(secure: { context: SecureContext; verify: boolean }, options: RequestOptions): Promise<void> {
    const { subject, deadlineMs } = options;
    const plain = this.#socket;
    plain.removeAllListeners();
    return new Promise((resolve, reject) => {
      const { host } = this.endpoint;
      const socket = tlsConnect({
        socket: plain,
        secureContext: secure.context,
        rejectUnauthorized: secure.verify,
        host,
        ...(/[:]|^[\d.]+$/.test(host) ? {} : { servername: host }),
      });
      const fail = (error: StorageError): void => {
        cancel();
        socket.destroy();
        plain.destroy();
        reject(error);
      };
      const cancel = this.#clock.after(deadlineMs, () =>
        fail(new DeadlineError(subject.url, `TLS with ${host}`, deadlineMs)),
      );
      const refused = (cause: Error): void =>
        fail(new ConnectionError(subject.url, nameOf(subject), `TLS with ${host}: ${cause.message}`, { cause }));
      const ended = (): void => refused(new Error('the server closed the connection'));
      socket.once('error', refused);
      socket.once('close', ended);
      socket.once('secureConnect', () => {
        cancel();
        socket.off('error', refused);
        socket.off('close', ended);
        this.#socket = socket;
        this.#listen(socket);
        resolve();
      });
    });
  }

  /** With a goodbye: over TLS a server takes a bare end for an attack. */
  close(): void {
    this.#socket.end();
    this.#fail('it was closed', (subject) => new ConnectionError(subject.url, nameOf(subject), 'it was closed here'));
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#lastReceived = this.#clock.now();
      try {
        this.#reader.push(chunk);
      } catch (cause) {
        if (!(cause instanceof FrameFault)) throw cause;
        this.#fail(
          cause.message,
          (subject) => new ProtocolError(subject.url, nameOf(subject), cause.message, { cause }),
        );
      }
    });
    socket.on('error', (cause) => this.#lost(cause.message, cause));
    socket.on('close', () => this.#lost('the server closed it'));
  }

  #lost(why: string, cause?: Error): void {
    this.#fail(why, (subject) => new ConnectionError(subject.url, nameOf(subject), why, { cause }));
  }

  #fail(why: string, errorFor: (subject: Subject) => StorageError): void {
    if (this.#failure !== undefined) return;
    this.#failure = why;
    this.#socket.destroy();
    for (const { settle, subject } of [...this.#pending.values()]) settle(errorFor(subject));
  }

  #freeId(): number | undefined {
    for (let tries = 0; tries < MAX_STREAMS; tries++) {
      this.#nextId = (this.#nextId % MAX_STREAMS) + 1; // 0 is the greeting's
      if (!this.#pending.has(this.#nextId) && !this.#abandoned.has(this.#nextId)) return this.#nextId;
    }
    return undefined;
  }

  #send(id: number, bytes: Buffer, { subject, deadlineMs, sink }: RequestOptions): Promise<Answer> {
    if (this.#failure !== undefined)
      return Promise.reject(new ConnectionError(subject.url, nameOf(subject), this.#failure));
    if (this.#pending.size === 0) this.#socket.ref();
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(deadlineMs, () => this.#abandon(id, deadlineMs));
      const settle = (outcome: Answer | StorageError): void => {
        if (this.#pending.get(id) !== pending) {
          this.#abandoned.delete(id); // the late end of a request that was given up
          return;
        }
        cancel();
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#socket.unref();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const sentAt = this.#clock.now();
      const pending: Pending = { subject, sink: sink ?? new GrowingSink(MAX_TEXT_BYTES), settle, sentAt };
      this.#pending.set(id, pending);
      this.#socket.write(bytes);
    });
  }

  /** Out of time. Late bytes must not reach a buffer that its owner uses again: they go nowhere. */
  #abandon(id: number, deadlineMs: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { subject, sentAt, settle } = pending;
    pending.sink = new DiscardSink();
    const { host, port } = this.endpoint;
    settle(new DeadlineError(subject.url, `${nameOf(subject)} at ${host}:${port}`, deadlineMs));
    this.#abandoned.add(id);
    if (this.#lastReceived < sentAt || this.#abandoned.size > MAX_ABANDONED) this.#lost(`${host}:${port} fell silent`);
  }

  #onFrame(id: number, status: number, length: number): FrameBody {
    if (length < 0) throw new FrameFault(`a frame of ${length} bytes`);
    if (status === STATUS.attention) return this.#small(length, (body) => this.#onAttention(body));
    const pending = this.#pending.get(id) ?? this.#late(id);
    if (BULK.has(status))
      return bodyInto(
        () => pending.sink,
        length,
        () => {
          if (status === STATUS.ok) pending.settle({ kind: 'ok', body: pending.sink.bytes });
          return undefined;
        },
      );
    if (status === STATUS.status) return this.#withStatus(pending, length);
    return this.#small(length, (body) => this.#onSmall(pending, status, body));
  }

  /** The answer to a request that was given up: it is read, and its id is free again with the last frame. */
  #late(id: number): Pending {
    if (!this.#abandoned.has(id)) throw new FrameFault(`an answer to request ${id}, which was never made`);
    return { subject: { url: '' }, sink: new DiscardSink(), settle: () => this.#abandoned.delete(id), sentAt: 0 };
  }

  #small(length: number, done: (body: Buffer) => void): FrameBody {
    const sink = new GrowingSink(MAX_SMALL_BYTES);
    return bodyInto(
      () => sink,
      length,
      () => {
        done(sink.bytes);
        return undefined;
      },
    );
  }

  #onSmall(pending: Pending, status: number, body: Buffer): void {
    if (status !== STATUS.waitResponse) pending.settle(answerOf(status, body)); // waitresp: the answer comes as an attention
  }

  #onAttention(body: Buffer): void {
    const wrapped = asyncResponse(body);
    if (wrapped === undefined) return; // a notice of the server's operator
    const pending = this.#pending.get(wrapped.streamId) ?? this.#late(wrapped.streamId);
    if (!BULK.has(wrapped.status)) {
      this.#onSmall(pending, wrapped.status, wrapped.body);
      return;
    }
    pending.sink.accept(wrapped.body.length);
    pending.sink.write(wrapped.body);
    if (wrapped.status === STATUS.ok) pending.settle({ kind: 'ok', body: pending.sink.bytes });
  }

  /** kXR_status: CRC, stream, request, partial or final, and how many bytes of data follow the frame. */
  #withStatus(pending: Pending, length: number): FrameBody {
    const text = new GrowingSink(MAX_STATUS_BYTES);
    return bodyInto(
      () => text,
      length,
      () => {
        const head = text.bytes;
        if (head.length < 16) throw new FrameFault('a status answer that is cut short');
        const isLast = head[7] === 0;
        const dataLength = head.readInt32BE(12);
        if (dataLength < 0) throw new FrameFault(`${dataLength} bytes of data`);
        return {
          length: dataLength,
          body: bodyInto(
            () => pending.sink,
            dataLength,
            () => {
              if (isLast) pending.settle({ kind: 'ok', body: pending.sink.bytes });
              return undefined;
            },
          ),
        };
      },
    );
  }
}

const nameOf = ({ url, range }: Subject): string => whatOf(url, range);
