/**
 * The master's one door: a Unix socket (mode 0600) that only the ProxyServer opens. Three kinds of WebSocket come through it: `/control` is
 * the ProxyServer's own; `/v1/session/ID` with x-proof-user is a client, `/v1/worker/ID` with x-proof-worker a worker, both checked already
 * and handed through byte by byte.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { z } from 'zod';
import type { Clock } from '../../protocol/clock.js';
import { toMasterMessage } from '../../protocol/control-messages.js';
import { errorBody } from '../../protocol/errors.js';
import { MAX_FRAME_BYTES } from '../../protocol/frame.js';
import { Link } from '../../protocol/link.js';
import { clientMessage } from '../../protocol/session-messages.js';
import { workerMessage } from '../../protocol/worker-messages.js';
import { WebSocketOnlyError } from './errors.js';
import type { Peer, Receiver } from './peer.js';
import type { Session } from './session.js';

export interface Sockets {
  close(): Promise<void>;
}

type Door = (socket: WebSocket) => void;

/** @param workerSilentMs a worker that is silent for longer is given up */
export async function openSockets(
  path: string,
  session: Session,
  how: { clock: Clock; workerSilentMs: number },
): Promise<Sockets> {
  const websockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'application/json' });
    response.end(JSON.stringify(errorBody(new WebSocketOnlyError())));
  });
  server.on('upgrade', (request, socket, head) => {
    const door = doorFor(request, session, how);
    if (door === undefined) refuse(socket);
    else websockets.handleUpgrade(request, socket, head, door);
  });
  await listen(server, path);
  return {
    async close() {
      for (const socket of websockets.clients) socket.close(1001);
      rmSync(path, { force: true });
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of websockets.clients) socket.terminate();
      });
    },
  };
}

function doorFor(
  request: IncomingMessage,
  session: Session,
  { clock, workerSilentMs }: { clock: Clock; workerSilentMs: number },
): Door | undefined {
  const path = (request.url ?? '').split('?')[0]!;
  const workerId = headerOf(request, 'x-proof-worker');
  const user = headerOf(request, 'x-proof-user');
  if (path === '/control') return (ws) => connect(ws, { clock }, toMasterMessage, (peer) => session.control(peer));
  if (workerId !== undefined && /^\/v1\/worker\//.test(path))
    return (ws) =>
      connect(ws, { clock, silentAfterMs: workerSilentMs }, workerMessage, (peer) => session.worker(workerId, peer));
  if (user !== undefined && user === session.user && /^\/v1\/session\//.test(path))
    return (ws) => connect(ws, { clock }, clientMessage, (peer) => session.client(peer));
  return undefined;
}

/** The link exists before who receives does: the receiver is made with the link as its peer. */
function connect<In, Out extends object>(
  socket: WebSocket,
  how: { clock: Clock; silentAfterMs?: number },
  schema: z.ZodType<In>,
  open: (peer: Peer<Out>) => Receiver<In>,
): void {
  let receiver: Receiver<In> | undefined;
  const link = new Link<In, Out>(socket, {
    ...{ schema, ...how },
    onMessage: (message) => receiver?.receive(message),
    onClosed: (why) => receiver?.closed(why),
  });
  receiver = open(link);
}

/** A left-over socket of a master that died is taken over: the ProxyServer starts one master a session. */
function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  const mask = process.umask(0o177);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      process.umask(mask);
      chmodSync(path, 0o600);
      resolve();
    });
  });
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
}
function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
