/** The one port: which it is, and the URL under which others reach it: `publicUrl`, with the port that was taken where it names port 0. */
import { hostname } from 'node:os';
import type Database from 'better-sqlite3';
import type { FastifyInstance } from 'fastify';
import { listenError } from '../protocol/daemon.js';
import type { ProxyConfig } from './config.js';

type Addressed = Pick<ProxyConfig, 'listen' | 'tls' | 'publicUrl'>;

/**
 * Port 0 is the port of last time, where it is free: agents and masters that outlived the last ProxyServer look for it there.
 * @throws {PortInUseError | UsageError}
 */
export async function listenOn(
  app: FastifyInstance,
  { listen, tls, publicUrl }: Addressed,
  db: Database.Database,
): Promise<string> {
  const { host, port } = listen;
  const setting = db.prepare<[], { value: string }>(`SELECT value FROM setting WHERE name = 'port'`).get();
  const attempts = port !== 0 ? [port] : setting === undefined ? [0] : [Number(setting.value), 0];
  for (const attempt of attempts) {
    try {
      await app.listen({ host, port: attempt });
      break;
    } catch (error) {
      if (attempt === attempts.at(-1)) throw listenError(error, host, attempt);
    }
  }
  const address = app.server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  db.prepare(`INSERT OR REPLACE INTO setting (name, value) VALUES ('port', ?)`).run(String(taken));
  return addressOf({ listen, tls, publicUrl }, taken);
}

/** What agents and clients are told. @param taken the port, where the configuration leaves it open */
export function addressOf({ listen: { host }, tls, publicUrl }: Addressed, taken: number): string {
  const isAny = host === '0.0.0.0' || host === '::';
  const name = isAny ? hostname() : host.includes(':') ? `[${host}]` : host;
  if (publicUrl !== undefined) return withPort(publicUrl, taken);
  return `${tls === undefined ? 'http' : 'https'}://${name}:${taken}`;
}

function withPort(publicUrl: string, taken: number): string {
  const url = new URL(publicUrl);
  if (url.port !== '0') return publicUrl;
  url.port = String(taken);
  return url.href.replace(/\/$/, '');
}
