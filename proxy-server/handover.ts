/**
 * Hands an upgraded connection through to a session's master: the request's head is written again to the master's Unix socket, then
 * bytes flow both ways, unparsed. What the ProxyServer found out stands in x-proof-… headers; those that a peer sent itself, and its
 * credentials, do not pass.
 */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { withoutToken } from './web/browser-token.js';

/** The head as it goes to the master. Pure. */
export function handoverHead(
  request: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
  facts: Readonly<Record<string, string>>,
): string {
  const path = (request.url ?? '/').split('?')[0]!; // a query part may hold a ticket
  const lines = [`${request.method} ${path} HTTP/1.1`];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!;
    if (/^(x-proof-|authorization$|cookie$)/i.test(name)) continue;
    const value = request.rawHeaders[i + 1]!;
    lines.push(`${name}: ${/^sec-websocket-protocol$/i.test(name) ? withoutToken(value) : value}`);
  }
  // A line break in a value would start a header of its own.
  for (const [name, value] of Object.entries(facts)) lines.push(`${name}: ${value.replace(/[\r\n]/g, ' ')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Settles when both directions are open; from then on the two sockets live and die together. */
export function handOver(
  peer: { socket: Duplex; head: Buffer; request: IncomingMessage },
  master: string,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const inner = connect(master);
    inner.once('error', reject);
    inner.once('connect', () => {
      inner.removeListener('error', reject);
      if (peer.socket.destroyed) {
        inner.destroy(); // it went away meanwhile, and its 'close' will not come again
        resolve();
        return;
      }
      inner.write(handoverHead(peer.request, facts));
      if (peer.head.length > 0) inner.write(peer.head);
      if ('setNoDelay' in peer.socket) (peer.socket as import('node:net').Socket).setNoDelay(true);
      const end = (): void => {
        inner.destroy();
        peer.socket.destroy();
      };
      for (const socket of [inner, peer.socket]) {
        socket.on('error', end); // 'close' follows; the Links at both ends tell the story
        socket.on('close', end);
      }
      inner.pipe(peer.socket);
      peer.socket.pipe(inner);
      resolve();
    });
  });
}
