/** Sockets to XRootD servers: connected, and later encrypted, each within a deadline. */
import { createConnection, type Socket } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import type { Clock } from '../../protocol/clock.js';
import { hasTunnel, openThroughTunnel } from '../../protocol/proxied.js';
import type { ByteRange } from '../byte-source.js';
import { withDeadline } from '../deadline.js';
import { ConnectionError, DeadlineError, type StorageError, whatOf } from '../errors.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a connection or request is for: for its errors. */
export interface Subject {
  readonly url: string;
  readonly range?: ByteRange;
}
export const nameOf = ({ url, range }: Subject): string => whatOf(url, range);

export interface Limits {
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/** What an attempt is for, and how long it may take. */
export interface Attempt extends Limits {
  readonly subject: Subject;
}

/** Takes what arrives. The bytes are valid during the call only. */
export type Receive = (bytes: Buffer) => void;

/** One buffer a connection, filled again and again: half the time of a fresh 64 KiB for each piece (bench/storage). */
const RECEIVE_BYTES = 256 * 1024;

/** @throws {ConnectionError | DeadlineError} */
export async function connectSocket({ host, port }: Endpoint, receive: Receive, attempt: Attempt): Promise<Socket> {
  if (hasTunnel()) return throughTunnel({ host, port }, receive, attempt);
  const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  const callback = (length: number): boolean => {
    receive(buffer.subarray(0, length));
    return true;
  };
  const socket = createConnection({ host, port, onread: { buffer, callback } });
  return ready(socket, { event: 'connect', what: `connecting to ${host}:${port}` }, attempt);
}

async function throughTunnel({ host, port }: Endpoint, receive: Receive, attempt: Attempt): Promise<Socket> {
  const { subject, clock, deadlineMs } = attempt;
  const what = `connecting to ${host}:${port}`;
  const opening = openThroughTunnel(host, port).catch((cause: Error) => {
    throw new ConnectionError(subject.url, nameOf(subject), `${what}: ${cause.message}`, { cause });
  });
  const error = (): Error => new DeadlineError(subject.url, `${nameOf(subject)}, ${what}`, deadlineMs);
  const socket = await withDeadline(opening, { clock, ms: deadlineMs, error });
  socket.on('error', () => {}); // until its user listens: 'close' follows
  socket.on('data', receive);
  return socket;
}

export interface TlsWish {
  readonly context: SecureContext;
  readonly verify: boolean;
}

/** The same connection, encrypted from here on. Nothing may be in flight. @throws {ConnectionError | DeadlineError} */
export async function encrypt(
  plain: Socket,
  tls: TlsWish & { readonly host: string },
  attempt: Attempt,
): Promise<Socket> {
  const { host, context, verify } = tls;
  plain.removeAllListeners();
  plain.on('error', () => {}); // the encrypted socket reports it
  const socket = tlsConnect({
    socket: plain,
    secureContext: context,
    rejectUnauthorized: verify,
    host,
    ...(/[:]|^[\d.]+$/.test(host) ? {} : { servername: host }), // an address is no name to ask for
  });
  try {
    return await ready(socket, { event: 'secureConnect', what: `TLS with ${host}` }, attempt);
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

/** Waits for one event; an error, an early end or the deadline destroys the socket. */
function ready<S extends Socket>(
  socket: S,
  { event, what }: { event: string; what: string },
  { subject, clock, deadlineMs }: Attempt,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = (error?: StorageError): void => {
      cancel();
      socket.off(event, succeed).off('error', refuse).off('close', end);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => {}); // whatever it still says
      socket.destroy();
      reject(error);
    };
    const refuse = (cause: Error): void =>
      settle(new ConnectionError(subject.url, nameOf(subject), `${what}: ${cause.message}`, { cause }));
    const end = (): void => refuse(new Error('the server closed the connection'));
    const succeed = (): void => settle();
    const cancel = clock.after(deadlineMs, () =>
      settle(new DeadlineError(subject.url, `${nameOf(subject)}, ${what}`, deadlineMs)),
    );
    socket.once(event, succeed).once('error', refuse).once('close', end);
  });
}
