/**
 * WebSocket upgrades on the one port: agents are answered here, clients and workers of sessions are checked and handed through to
 * their master. Whoever does not get in is told why over HTTP; nobody else notices.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type ErrorBody, errorBody, GridError } from '../protocol/errors.js';
import type { ServerGuard } from '../protocol/guarded-server.js';
import type { Logger } from '../protocol/log.js';
import { type Identity, TokenError } from '../protocol/tokens.js';
import type { AgentDoor } from './agent-door.js';
import type { AuditLog } from './audit-log.js';
import { authorize, may } from './authorization.js';
import { handOver } from './handover.js';
import { statusOf } from './http-status.js';
import type { Gate } from './identity.js';
import { checkSocket } from './session-files.js';
import type { Sessions } from './sessions.js';
import type { TicketBox } from './tickets.js';
import type { TokenBook } from './token-book.js';
import { withBrowserToken } from './web/browser-token.js';

export interface SocketsOptions {
  readonly server: Server;
  readonly log: Logger;
  readonly gate: Gate;
  readonly guard: ServerGuard;
  readonly tokens: TokenBook;
  readonly door: AgentDoor;
  readonly sessions: Sessions;
  readonly tickets: TicketBox;
  readonly audit: Pick<AuditLog, 'write'>;
}

/** An agent has little to say; a frame beyond this is not one of ours. */
const MAX_AGENT_FRAME_BYTES = 4 * 1024 * 1024;

const REFUSED_OPEN_MS = 2_000;

/** Nothing is served at that path. */
export class NoSuchPathError extends GridError {
  readonly code = 'PROXY_NO_SUCH_PATH';
}

/** @returns closes what is open */
export function serveSockets(options: SocketsOptions): () => void {
  const agents = new WebSocketServer({ noServer: true, maxPayload: MAX_AGENT_FRAME_BYTES, perMessageDeflate: false });
  const open = new Set<Duplex>();
  /** Clients of sessions, by the token that let them in. */
  const byToken = new Map<Duplex, Identity>();
  const forget = options.tokens.onRevoked((isVoid) => {
    for (const [socket, identity] of byToken) if (isVoid(identity)) socket.destroy();
  });
  options.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => {}); // a peer that vanishes: 'close' follows, and the Links tell why
    route(options, { agents, byToken }, { request, socket, head }).catch((error: unknown) => {
      options.log.warn(`connection refused: ${errorBody(error).message}`, {
        peer: request.socket.remoteAddress,
        path: request.url?.split('?')[0]?.slice(0, 200),
      });
      refuse(socket, statusOf(error), errorBody(error));
    });
  });
  return () => {
    forget();
    agents.close();
    for (const socket of open) socket.destroy();
  };
}

async function route(
  { gate, guard, door, sessions, tickets, audit }: SocketsOptions,
  { agents, byToken }: { agents: WebSocketServer; byToken: Map<Duplex, Identity> },
  peer: { request: IncomingMessage; socket: Duplex; head: Buffer },
): Promise<void> {
  const url = new URL(peer.request.url ?? '/', 'http://server');
  if (url.pathname === '/v1/agent') {
    agents.handleUpgrade(peer.request, peer.socket, peer.head, (socket) =>
      door.accept(socket, peer.request, () => guard.settled(peer.request.socket)),
    );
    return;
  }
  const [, kind, sessionId] = /^\/v1\/(session|worker)\/([\w.:-]+)$/.exec(url.pathname) ?? [];
  if (kind === undefined || sessionId === undefined)
    throw new NoSuchPathError('WebSockets are served at /v1/agent, /v1/session/ID and /v1/worker/ID only.');
  const facts: Record<string, string> = {};
  if (kind === 'worker') {
    const text =
      url.searchParams.get('ticket') ?? /^Bearer (\S+)$/i.exec(peer.request.headers.authorization ?? '')?.[1];
    const ticket = text === undefined ? undefined : tickets.redeem(text);
    if (ticket === undefined || ticket.sessionId !== sessionId)
      throw new TokenError('The ticket is not valid for this session, or it was used already.');
    guard.settled(peer.request.socket);
    facts['x-proof-worker'] = ticket.workerId;
    facts['x-proof-agent'] = ticket.agentId;
  } else {
    const identity = await gate.identify({ headers: withBrowserToken(peer.request.headers) });
    const owner = sessions.get(sessionId).record.user;
    guard.known(peer.request, identity.user);
    if (identity.user !== owner) {
      const outcome = may(identity, 'session.attach', owner) ? 'done' : 'refused';
      const address = peer.request.socket.remoteAddress ?? '';
      audit.write(identity, address, { action: 'session.attach', target: sessionId, outcome });
    }
    authorize(identity, 'session.attach', owner);
    byToken.set(peer.socket, identity);
    peer.socket.once('close', () => byToken.delete(peer.socket));
    // The master knows one user, its own: an admin acts as that one.
    facts['x-proof-user'] = owner;
  }
  const session = sessions.get(sessionId);
  await session.listening;
  checkSocket(session.record.socket);
  await handOver(peer, session.record.socket, facts);
}

function refuse(socket: Duplex, status: number, body: ErrorBody): void {
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
  // A peer that does not close its side keeps nothing open here.
  const cut = setTimeout(() => socket.destroy(), REFUSED_OPEN_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}
