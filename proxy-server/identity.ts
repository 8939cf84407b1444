/**
 * Who asks: a token's user and role or, under development authentication, whoever runs on this machine.
 *
 * Development mode names its user by `Bearer dev:NAME`, else by the server's own account. It answers only requests that were meant
 * for a loopback name and that no page of another origin sent, so that a browser on the same machine is no way in.
 */
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import type { JWK } from 'jose';
import { isLoopback } from '../protocol/config.js';
import { GridError } from '../protocol/errors.js';
import { bearer, type Identity, type Role, verifyToken } from '../protocol/tokens.js';

/** Known, but not entitled: what role it takes. */
export class ForbiddenError extends GridError {
  readonly code = 'PROXY_FORBIDDEN';
}

export interface Gate {
  /** @throws {TokenError | ForbiddenError} */
  identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity>;
}

export class TokenGate implements Gate {
  readonly #key: JWK;
  constructor(key: JWK) {
    this.#key = key;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    return verifyToken(this.#key, bearer(request.headers.authorization));
  }
}

export class DevelopmentGate implements Gate {
  readonly #key: JWK;
  constructor(key: JWK) {
    this.#key = key;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    const { host = '', origin, authorization } = request.headers;
    if (!isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')))
      throw new ForbiddenError(`Development authentication answers to a loopback address only, not to ${host}.`);
    if (origin !== undefined && URL.canParse(origin) && new URL(origin).host !== host)
      throw new ForbiddenError(`Development authentication does not answer pages of ${origin}.`);
    if (authorization === undefined) return { user: userInfo().username, role: 'admin', tokenId: null };
    const token = bearer(authorization);
    const user = /^dev:([\w.-]{1,100})$/.exec(token)?.[1];
    return user === undefined ? verifyToken(this.#key, token) : { user, role: 'admin', tokenId: null };
  }
}

const RANK: Record<Role, number> = { agent: 0, user: 1, operator: 2, admin: 3 };

/** @throws {ForbiddenError} */
export function requireRole(identity: Identity, least: Role): void {
  if (RANK[identity.role] < RANK[least])
    throw new ForbiddenError(`This takes the role ${least}; ${identity.user} has the role ${identity.role}.`);
}
