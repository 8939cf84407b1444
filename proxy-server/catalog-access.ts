/** The catalog that this ProxyServer works with: embedded, elsewhere, or none; and what masters need to speak to it for their user. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import type { Grid } from '../catalog/grid/grid.js';
import { openGrid } from '../catalog/grid/open-grid.js';
import { ProofGrid } from '../catalog/grid/proof-grid.js';
import type { Clock } from '../protocol/clock.js';
import type { SessionFile } from '../protocol/control-messages.js';
import type { Logger } from '../protocol/log.js';
import { signToken } from '../protocol/tokens.js';
import type { ProxyConfig } from './config.js';
import { EmbeddedCatalog } from './embedded-catalog.js';

/** Of the token in a session's file: longer than any session. */
const TOKEN_LIFETIME_S = 30 * 86_400;
const ADMIN_LIFETIME_S = 60;

export class CatalogAccess {
  readonly #config: ProxyConfig;
  readonly #key: JWK;
  readonly #embedded: EmbeddedCatalog | undefined;
  /** The embedded one has a URL; whoever asks before that waits for it. */
  #started: Promise<void> = Promise.resolve();

  constructor(config: ProxyConfig, parts: { key: JWK; keyFile: string; clock: Clock; log: Logger }) {
    const { stateDir, auth, logLevel } = config;
    const { key, keyFile, clock, log } = parts;
    this.#config = config;
    this.#key = key;
    if (config.catalog === 'embedded')
      this.#embedded = new EmbeddedCatalog({ stateDir, auth, keyFile, logLevel, clock, log });
  }

  /** @throws {EmbeddedCatalogError} */
  async start(): Promise<void> {
    if (this.#embedded === undefined) return;
    this.#started = this.#embedded.start();
    await this.#started;
  }
  async stop(): Promise<void> {
    await this.#embedded?.stop();
  }

  /** It is told to nobody elsewhere: clients ask it through the ProxyServer (catalog-door.ts). */
  get isEmbedded(): boolean {
    return this.#embedded !== undefined;
  }

  /** As this machine reaches it; null without one. */
  get url(): string | null {
    const { catalog } = this.#config;
    if (catalog === 'none') return null;
    return catalog === 'embedded' ? (this.#embedded?.url ?? null) : catalog;
  }

  async forUser(user: string): Promise<SessionFile['catalog']> {
    await this.#started;
    const { url } = this;
    if (url === null) return null;
    const { auth, catalogTokenFile } = this.#config;
    if (catalogTokenFile !== undefined) return { url, token: readFileSync(catalogTokenFile, 'utf8').trim() };
    if (auth === 'development') return { url, token: null };
    const claims = { user, role: 'user' as const, lifetimeS: TOKEN_LIFETIME_S, tokenId: randomUUID() };
    return { url, token: await signToken(this.#key, claims) };
  }

  /** To make what users may not: homes. Null where this server has no more rights than its users. */
  async forAdmin(): Promise<SessionFile['catalog']> {
    await this.#started;
    const { url } = this;
    const { auth, catalogTokenFile } = this.#config;
    if (url === null || catalogTokenFile !== undefined) return null;
    if (auth === 'development') return { url, token: null }; // whoever runs this server owns what it started
    const claims = { user: 'proof-proxy', role: 'admin' as const, lifetimeS: ADMIN_LIFETIME_S, tokenId: randomUUID() };
    return { url, token: await signToken(this.#key, claims) };
  }

  /** With this server's own rights; undefined: there is no catalog. */
  async withOwn<T>(act: (grid: ProofGrid) => Promise<T>): Promise<T | undefined> {
    const access = (await this.forAdmin()) ?? (await this.forUser('proof-proxy'));
    if (access === null) return undefined;
    const grid = new ProofGrid(access.url, access.token === null ? {} : { token: access.token });
    try {
      return await act(grid);
    } finally {
      await grid.close();
    }
  }

  /** With the rights of that user; undefined: there is no catalog. */
  async withGrid<T>(user: string, ask: (grid: Grid | undefined) => Promise<T>): Promise<T> {
    const access = await this.forUser(user);
    if (access === null) return ask(undefined);
    const grid = await openGrid(access.url, access.token === null ? { user } : { token: access.token });
    try {
      return await ask(grid);
    } finally {
      await grid.close();
    }
  }
}
