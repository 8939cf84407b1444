/** The tokens that were given out or seen: ids and facts, never the tokens themselves. The only module that knows the token table. */
import type Database from 'better-sqlite3';
import type { TokenInfo } from '../protocol/api.js';

export class TokenStore {
  readonly #db: Database.Database;
  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** One that is known stays as it is. */
  add(token: Omit<TokenInfo, 'revokedAt'>): void {
    this.#db
      .prepare(
        `INSERT INTO token (token_id, user, role, note, issued_by, issued_at, expires_at)
         VALUES (@tokenId, @user, @role, @note, @issuedBy, @issuedAt, @expiresAt) ON CONFLICT DO NOTHING`,
      )
      .run(token);
  }

  get(tokenId: string): TokenInfo | undefined {
    return this.#db.prepare<[string], TokenInfo>(`${SELECT} WHERE token_id = ?`).get(tokenId);
  }

  /** @param user null: everybody's */
  list(user: string | null): TokenInfo[] {
    return this.#db
      .prepare<[string | null], TokenInfo>(`${SELECT} WHERE user = ifnull(?, user) ORDER BY issued_at, token_id`)
      .all(user);
  }

  revoke(tokenId: string, at: number): void {
    this.#db.prepare('UPDATE token SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL').run(at, tokenId);
  }

  /** Those that expired before that time, ms since 1970. */
  prune(before: number): void {
    this.#db.prepare('DELETE FROM token WHERE expires_at < ?').run(before);
  }
}

const SELECT = `SELECT token_id AS tokenId, user, role, note, issued_by AS issuedBy, issued_at AS issuedAt, expires_at AS expiresAt,
  revoked_at AS revokedAt FROM token`;
