/**
 * Tokens from all sides: gives out this server's own, verifies them and those of the configured issuers, knows which are void, and tells
 * who hangs on one that is revoked.
 */
import { randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import type { TokenInfo } from '../protocol/api.js';
import { GridError } from '../protocol/errors.js';
import type { Revocations } from '../protocol/revocations.js';
import type { Role } from '../protocol/role.js';
import { type Identity, type JobRun, signToken, TokenError, verifyToken } from '../protocol/tokens.js';
import { authorize, may, reachOf } from './authorization.js';
import type { Issuers } from './issuers.js';
import type { TokenStore } from './token-store.js';

export class NoSuchTokenError extends GridError {
  readonly code = 'PROXY_NO_SUCH_TOKEN';
}

export interface TokenBookOptions {
  readonly key: JWK;
  readonly store: TokenStore;
  readonly revocations: Revocations;
  readonly issuers: Issuers;
  readonly nowMs: () => number;
}

export interface NewToken {
  readonly user: string;
  readonly role: Role;
  readonly lifetimeS: number;
  readonly note: string;
}

export class TokenBook {
  readonly #options: TokenBookOptions;
  /** Tokens that the store knows: one write for each, not one for each request. */
  readonly #recorded = new Set<string>();
  readonly #listeners = new Set<(isVoid: (identity: Identity) => boolean) => void>();

  constructor(options: TokenBookOptions) {
    this.#options = options;
  }

  /** @throws {TokenError} */
  async verify(token: string): Promise<Identity> {
    const identity = await this.#read(token);
    if (this.isVoid(identity))
      throw new TokenError(
        'The token was revoked. Get another one: "proof login", or ask an admin of this ProxyServer.',
      );
    this.#record(identity);
    return identity;
  }

  async #read(token: string): Promise<Identity> {
    const { issuers, key } = this.#options;
    return issuers.isForeign(token) ? issuers.verify(token) : verifyToken(key, token);
  }

  /** Revoked, or past its time. */
  isVoid({ user, tokenId, issuedAt }: Identity): boolean {
    return issuedAt !== null && this.#options.revocations.isRevoked({ user, tokenId, issuedAt });
  }

  async issue(by: string, { user, role, lifetimeS, note }: NewToken): Promise<{ token: string; info: TokenInfo }> {
    const { key, store, nowMs } = this.#options;
    const tokenId = randomUUID();
    const token = await signToken(key, { user, role, lifetimeS, tokenId });
    const issuedAt = nowMs();
    const info = { tokenId, user, role, note, issuedBy: by, issuedAt, expiresAt: issuedAt + lifetimeS * 1000 };
    store.add(info);
    this.#recorded.add(tokenId);
    return { token, info: { ...info, revokedAt: null } };
  }

  /** For a payload: it is listed from its first use on. */
  forJob(token: { user: string; job: JobRun; tokenId: string; lifetimeS: number }): Promise<string> {
    return signToken(this.#options.key, { ...token, role: 'user' });
  }

  /** Void here at once; whoever else verifies knows it after `writeEnds`. @param expiresAt s since 1970 */
  end(tokenId: string, expiresAt: number): void {
    this.#options.revocations.hold(tokenId, expiresAt);
  }
  writeEnds(): void {
    this.#options.revocations.writeHeld(Math.floor(this.#options.nowMs() / 1000));
    this.#tell();
  }

  list(identity: Identity): TokenInfo[] {
    return this.#options.store.list(reachOf(identity, 'token.list') === 'any' ? null : identity.user);
  }

  /** @throws {NoSuchTokenError | ForbiddenError} */
  revoke(identity: Identity, tokenId: string): void {
    const { store, revocations, nowMs } = this.#options;
    const known = store.get(tokenId);
    if (known === undefined) throw noSuchToken(identity, tokenId);
    authorize(identity, 'token.revoke', known.user);
    const nowS = Math.floor(nowMs() / 1000);
    revocations.add({ tokens: { [tokenId]: Math.ceil(known.expiresAt / 1000) + 3600 } }, nowS);
    store.revoke(tokenId, nowMs());
    this.#tell();
  }

  /** Of a token as it is, which is listed from now on: one that was signed on this machine may never have been used. @throws {NoSuchTokenError} */
  async idOf(token: string): Promise<string> {
    const identity = await this.#read(token).catch((cause: unknown) => {
      if (!(cause instanceof TokenError)) throw cause;
      throw new NoSuchTokenError('That token opens nothing here: it has expired, or is none of this server.', {
        cause,
      });
    });
    const { tokenId } = identity;
    if (tokenId === null)
      throw new NoSuchTokenError(
        'That token has no id: "proof token revoke --user NAME" voids it with all others of its user.',
      );
    this.#record(identity);
    return tokenId;
  }

  /** All tokens of a user that were issued until now, whoever issued them. */
  revokeAllOf(identity: Identity, user: string): number {
    authorize(identity, 'token.revoke', user);
    const { store, revocations, nowMs } = this.#options;
    const nowS = Math.floor(nowMs() / 1000);
    revocations.add({ users: { [user]: nowS + 1 } }, nowS);
    const open = store.list(user).filter(({ revokedAt, expiresAt }) => revokedAt === null && expiresAt > nowMs());
    for (const { tokenId } of open) store.revoke(tokenId, nowMs());
    this.#tell();
    return open.length;
  }

  /** Called at each revocation, with a test for identities. @returns stops it */
  onRevoked(listener: (isVoid: (identity: Identity) => boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener((identity) => this.isVoid(identity));
  }

  /** One that was made elsewhere (another issuer, or with the key on this machine) is listed from its first use on. */
  #record({ tokenId, user, role, issuedAt, expiresAt, job }: Identity): void {
    if (tokenId === null || issuedAt === null || expiresAt === null || this.#recorded.has(tokenId)) return;
    this.#options.store.add({
      ...{
        tokenId,
        user,
        role,
        note: job === undefined ? 'first seen in use' : `job ${job.jobId}, run ${job.run}`,
        issuedBy: '',
      },
      ...{ issuedAt: issuedAt * 1000, expiresAt: expiresAt * 1000 },
    });
    this.#recorded.add(tokenId);
  }
}

function noSuchToken(identity: Identity, tokenId: string): NoSuchTokenError {
  const isAdmin = may(identity, 'token.revoke', '');
  return new NoSuchTokenError(
    `There is no token ${tokenId}: it was never used here, or expired and was forgotten. "proof token list --all" shows ` +
      (isAdmin
        ? 'all that are known; --token-file FILE revokes one that was signed with --state-dir and never used.'
        : 'yours.'),
  );
}
