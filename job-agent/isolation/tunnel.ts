/**
 * The way out of workers without network: a Unix socket of the agent that answers CONNECT (RFC 9110, 9.3.6) to the ProxyServer and to the
 * storage that the site allows, and passes bytes on unread. Everything else is refused.
 */
import { closeSync, openSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../protocol/log.js';
import { isAllowedHost } from './allowed-hosts.js';

export interface TunnelOptions {
  /** Where the socket is made. */
  readonly file: string;
  readonly allowed: readonly string[];
  readonly log: Logger;
}

/** Of all workers together. */
const MOST_CONNECTIONS = 4096;

/** It lives as long as the agent: nothing holds the process for it. */
export async function openTunnel({ file, allowed, log }: TunnelOptions): Promise<void> {
  const server = createServer((_request, answer) => {
    answer.writeHead(405, { connection: 'close' }).end();
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(request.url ?? '') ?? [];
    if (!isAllowedHost(host, Number(port), allowed)) {
      log.warn('a worker without network asked for a host that the site does not allow', { host, port });
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    passOn(socket, head, { host, port: Number(port) });
  });
  server.unref();
  await listen(server, file);
}

function passOn(socket: Duplex, head: Buffer, to: { host: string; port: number }): void {
  const outer = connect(to);
  outer.setNoDelay(true);
  outer.once('connect', () => {
    socket.write('HTTP/1.1 200 Connected\r\n\r\n');
    if (head.length > 0) outer.write(head);
    socket.pipe(outer);
    outer.pipe(socket);
  });
  outer.on('error', () => socket.destroy());
  outer.once('close', () => socket.destroy());
  socket.once('close', () => outer.destroy());
}

/** By way of its folder's descriptor: the path of a scratch directory may be longer than a socket's may be (unix(7)). */
function listen(server: Server, file: string): Promise<void> {
  const fd = openSync(dirname(file), 'r');
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(`/proc/self/fd/${fd}/${basename(file)}`, () => {
      closeSync(fd);
      resolve();
    });
  });
}
