/**
 * Tokens: JWTs signed by the ProxyServer's own Ed25519 key. Claims: sub (user), role, iat, exp, jti, iss; job and run in a payload's.
 * The catalog verifies with the public half, so it needs no call to the ProxyServer.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { GridError } from './errors.js';
import { count } from './ids.js';
import { type Role, role } from './role.js';

export interface Identity {
  readonly user: string;
  readonly role: Role;
  readonly tokenId: string | null;
  /** s since 1970; null where there is no token. */
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  /** The token is one of a payload, for this attempt of this job. */
  readonly job?: JobRun;
}

export interface JobRun {
  readonly jobId: number;
  readonly run: number;
}

/** No token, or one that does not open this door: why, and how to get another. */
export class TokenError extends GridError {
  readonly code = 'PROTOCOL_TOKEN_REFUSED';
}

const ALGORITHM = 'EdDSA';
export const ISSUER = 'proof-grid';
/** Clocks of who issues and who checks may differ by so much. */
export const CLOCK_SKEW_S = 60;

/** The file of the key that signs tokens cannot be used: without it nobody can be let in. */
export class KeyFileError extends GridError {
  readonly code = 'PROTOCOL_KEY_FILE';
}

/** The key pair of `file` (JWK, mode 0600), made at first use; FILE.pub.json is its public half. @throws {KeyFileError} */
export async function openKey(file: string): Promise<JWK> {
  if (existsSync(file)) return readKey(file);
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const secret = await exportJWK(privateKey);
  writeFileSync(`${file}.new`, JSON.stringify(secret), { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  writeFileSync(`${file}.pub.json`, JSON.stringify(await exportJWK(publicKey)));
  renameSync(`${file}.new`, file);
  return secret;
}

async function readKey(file: string): Promise<JWK> {
  const unusable = (why: string, cause?: unknown): KeyFileError =>
    new KeyFileError(
      `The key ${file} cannot be used: ${why}. Put it back from a copy; without one remove it with FILE.pub.json, and all tokens are void.`,
      { cause },
    );
  try {
    const key = JSON.parse(readFileSync(file, 'utf8')) as JWK;
    await importJWK(key, ALGORITHM);
    if ((statSync(file).mode & 0o077) !== 0)
      throw unusable('others than its owner may read it (chmod 600, and think who has)');
    return key;
  } catch (cause) {
    throw cause instanceof KeyFileError ? cause : unusable((cause as Error).message, cause);
  }
}

export async function signToken(
  key: JWK,
  claims: { user: string; role: Role; lifetimeS: number; tokenId: string; job?: JobRun },
): Promise<string> {
  const { role, job } = claims;
  return new SignJWT(job === undefined ? { role } : { role, job: job.jobId, run: job.run })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setSubject(claims.user)
    .setJti(claims.tokenId)
    .setIssuedAt()
    .setExpirationTime(`${claims.lifetimeS} s`)
    .sign(await importJWK(key, ALGORITHM));
}

/** `key`: the private or the public half. @throws {TokenError} */
export async function verifyToken(key: JWK, token: string): Promise<Identity> {
  try {
    const { d: _secret, ...publicHalf } = key as JWK & { d?: string };
    const { payload } = await jwtVerify(token, await importJWK(publicHalf, ALGORITHM), {
      issuer: ISSUER,
      algorithms: [ALGORITHM],
      clockTolerance: CLOCK_SKEW_S,
      requiredClaims: ['exp', 'iat'],
    });
    // jose checks `iat` only against a largest age: a token from the future tells of a clock that is wrong.
    if (payload.iat! > Date.now() / 1000 + CLOCK_SKEW_S) throw new TokenError(fromTheFuture(payload.iat!));
    return {
      user: z.string().min(1).parse(payload.sub),
      role: role.parse(payload['role']),
      tokenId: payload.jti ?? null,
      issuedAt: payload.iat!,
      expiresAt: payload.exp!,
      ...jobOf(payload),
    };
  } catch (cause) {
    throw tokenError(
      cause,
      'The token is not one of this ProxyServer. Check the host and its token in your configuration.',
    );
  }
}

function jobOf(claims: Record<string, unknown>): Pick<Identity, 'job'> {
  if (claims['job'] === undefined) return {};
  return { job: { jobId: count.parse(claims['job']), run: count.parse(claims['run']) } };
}

/** What jose says, as a sentence. */
export function tokenError(cause: unknown, otherwise: string): TokenError {
  if (cause instanceof TokenError) return cause;
  const { code, payload } = cause as { code?: string; payload?: { exp?: number } };
  if (code !== 'ERR_JWT_EXPIRED') return new TokenError(otherwise, { cause });
  const when = payload?.exp === undefined ? '' : ` at ${new Date(payload.exp * 1000).toISOString()}`;
  const here = `it is ${new Date().toISOString()} here, ${CLOCK_SKEW_S} s of difference are allowed`;
  return new TokenError(
    `The token has expired${when} (${here}). Get a new one: "proof login", or "proof token create".`,
    {
      cause,
    },
  );
}

export function fromTheFuture(issuedAt: number): string {
  const at = new Date(issuedAt * 1000).toISOString();
  return `The token was issued at ${at}, which is in the future here (${new Date().toISOString()}): set the clocks right; ${CLOCK_SKEW_S} s of difference are allowed.`;
}

/** `Bearer X` -> X. @throws {TokenError} where the header is missing */
export function bearer(header: string | undefined): string {
  const token = /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
  if (token === undefined)
    throw new TokenError(
      'This server wants a token. Say "proof login", or put `tokenFile:` beside the host in your configuration.',
    );
  return token;
}
