/**
 * Logged-in connections, one a server and identity, shared by all files that are open there. A connection that broke is
 * replaced at the next use; one that nobody uses lets the process end.
 */
import { createHash } from 'node:crypto';
import type { StorageSettings } from '../storage-options.js';
import { XrootdConnection } from './connection.js';
import { logIn, type ServerTraits } from './login.js';
import type { Endpoint, Subject } from './transport.js';

export interface Server {
  readonly connection: XrootdConnection;
  readonly traits: ServerTraits;
}

export interface ServerWish {
  readonly endpoint: Endpoint;
  readonly settings: StorageSettings;
  readonly subject: Subject;
  readonly wantTls: boolean;
  readonly token: string;
}

/** Programs that read from whole federations meet many servers. */
const MAX_CONNECTIONS = 128;

export class XrootdConnectionPool {
  readonly #servers = new Map<string, Promise<Server>>();

  /** @throws {StorageError} connecting or login failed: the next call tries again */
  async server(wish: ServerWish): Promise<Server> {
    const key = keyOf(wish);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      const server = await known.catch(() => undefined);
      if (server?.connection.isOpen === true) return server;
      if (this.#servers.get(key) === known) this.#servers.delete(key);
      const replaced = this.#servers.get(key);
      if (replaced !== undefined) return replaced;
    }
    const fresh = connect(wish);
    this.#servers.set(key, fresh);
    if (this.#servers.size > MAX_CONNECTIONS) void this.#closeOne();
    fresh.catch(() => {
      if (this.#servers.get(key) === fresh) this.#servers.delete(key);
    });
    return fresh;
  }

  /** The oldest connection without a request goes; a file that is open there is opened again when it is read. */
  async #closeOne(): Promise<void> {
    for (const [key, opening] of this.#servers) {
      const server = await opening.catch(() => undefined);
      if (server === undefined || !server.connection.isIdle || this.#servers.get(key) !== opening) continue;
      this.#servers.delete(key);
      server.connection.close();
      return;
    }
  }

  async close(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    for (const server of servers) (await server.catch(() => undefined))?.connection.close();
  }
}

async function connect({ endpoint, settings, ...wish }: ServerWish): Promise<Server> {
  const connection = await XrootdConnection.open(endpoint, { ...settings, subject: wish.subject });
  try {
    return { connection, traits: await logIn(connection, { settings, ...wish }) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Two wishes share a connection only if server, encryption and identity are the same. */
function keyOf({ endpoint, settings, wantTls, token }: ServerWish): string {
  const identity = [
    settings.user,
    settings.token,
    settings.tokenFile,
    settings.sssKeytab,
    settings.caFile,
    settings.caFolder,
    token,
  ];
  const digest = createHash('sha256')
    .update(JSON.stringify([...identity, settings.verifyTls]))
    .digest('hex');
  return `${endpoint.host}:${endpoint.port} ${wantTls} ${digest}`;
}
