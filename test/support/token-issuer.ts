/**
 * Bearer tokens for a server under test. The server's token library keeps issuers' keys in a small database; ours is put
 * there beforehand, so that no web server with a public certificate is needed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://localhost/test-issuer';
const KEY_ID = 'test';
const HOUR_S = 3600;

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

export class TokenIssuer {
  readonly #keys: KeyPair;
  readonly #jwk: object;

  private constructor(keys: KeyPair, jwk: object) {
    this.#keys = keys;
    this.#jwk = jwk;
  }

  static async create(): Promise<TokenIssuer> {
    const keys = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' };
    return new TokenIssuer(keys, jwk);
  }

  /** WLCG profile, one hour. @param scope as `storage.read:/` */
  async token(scope: string): Promise<string> {
    return new SignJWT({ scope, 'wlcg.ver': '1.0', nbf: Math.floor(Date.now() / 1000) - 10 })
      .setProtectedHeader({ alg: 'ES256', kid: KEY_ID, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setSubject('tester')
      .setAudience('https://wlcg.cern.ch/jwt/v1/any')
      .setIssuedAt()
      .setExpirationTime('1h')
      .setJti('test')
      .sign(this.#keys.privateKey);
  }

  /** Writes the key where scitokens-cpp looks for keys it fetched before: `$XDG_CACHE_HOME/scitokens`. */
  preload(folder: string): void {
    mkdirSync(folder);
    const db = new Database(join(folder, 'scitokens_cpp.sqllite'));
    db.exec('CREATE TABLE keycache (issuer text UNIQUE PRIMARY KEY NOT NULL, keys text NOT NULL)');
    const nowS = Math.floor(Date.now() / 1000);
    const entry = { jwks: { keys: [this.#jwk] }, next_update: nowS + HOUR_S, expires: nowS + 2 * HOUR_S };
    db.prepare('INSERT INTO keycache VALUES (?, ?)').run(ISSUER, JSON.stringify(entry));
    db.close();
  }
}
