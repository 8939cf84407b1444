/**
 * Who asks: a token's user and role or, under development authentication, whoever runs on this machine.
 *
 * Development mode names its user by `Bearer dev:NAME`, else by the server's own account. It answers only requests that were meant
 * for a loopback name and that no page of another origin sent, so that a browser on the same machine is no way in.
 */
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import { isLoopback } from '../protocol/config.js';
import { bearer, type Identity } from '../protocol/tokens.js';
import { ForbiddenError } from './authorization.js';
import type { TokenBook } from './token-book.js';

export interface Gate {
  /** @throws {TokenError | ForbiddenError} */
  identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity>;
}

export class TokenGate implements Gate {
  readonly #book: TokenBook;
  constructor(book: TokenBook) {
    this.#book = book;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    return this.#book.verify(bearer(request.headers.authorization));
  }
}

export class DevelopmentGate implements Gate {
  readonly #book: TokenBook;
  constructor(book: TokenBook) {
    this.#book = book;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    const { host = '', origin, authorization } = request.headers;
    if (!isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')))
      throw new ForbiddenError(`Development authentication answers to a loopback address only, not to ${host}.`);
    if (origin !== undefined && URL.canParse(origin) && new URL(origin).host !== host)
      throw new ForbiddenError(`Development authentication does not answer pages of ${origin}.`);
    if (authorization === undefined) return developer(userInfo().username);
    const token = bearer(authorization);
    const user = /^dev:([\w.-]{1,100})$/.exec(token)?.[1];
    return user === undefined ? this.#book.verify(token) : developer(user);
  }
}

const developer = (user: string): Identity => ({ user, role: 'admin', tokenId: null, issuedAt: null, expiresAt: null });
