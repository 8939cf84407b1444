/**
 * Who asks: a token's user and role or, under development authentication, whoever runs on this machine.
 * Development mode names its user by `Bearer dev:NAME`, else by the server's own account.
 */
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import { foreignRequest } from '../protocol/loopback-request.js';
import { bearer, type Identity } from '../protocol/tokens.js';
import { ForbiddenError } from './authorization.js';
import type { TokenBook } from './token-book.js';

export interface Gate {
  /** @throws {TokenError | ForbiddenError} */
  identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity>;
  /** Before a request is handed on to one that looks for itself who asks. @throws {ForbiddenError} it came a way that is closed */
  letOn(request: Pick<IncomingMessage, 'headers'>): void;
}

export class TokenGate implements Gate {
  readonly #book: TokenBook;
  constructor(book: TokenBook) {
    this.#book = book;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    return this.#book.verify(bearer(request.headers.authorization));
  }
  letOn(): void {} // a token is all that counts
}

export class DevelopmentGate implements Gate {
  readonly #book: TokenBook;
  constructor(book: TokenBook) {
    this.#book = book;
  }
  async identify(request: Pick<IncomingMessage, 'headers'>): Promise<Identity> {
    this.letOn(request);
    const { authorization } = request.headers;
    if (authorization === undefined) return developer(userInfo().username);
    const token = bearer(authorization);
    const user = /^dev:([\w.-]{1,100})$/.exec(token)?.[1];
    return user === undefined ? this.#book.verify(token) : developer(user);
  }
  letOn(request: Pick<IncomingMessage, 'headers'>): void {
    const foreign = foreignRequest(request.headers);
    if (foreign !== undefined) throw new ForbiddenError(foreign);
  }
}

const developer = (user: string): Identity => ({ user, role: 'admin', tokenId: null, issuedAt: null, expiresAt: null });
