/**
 * Tokens of other issuers: OpenID Connect, WLCG profile. Their keys are fetched (from `jwksUri`, or as the issuer's discovery document
 * says) and cached; an unknown key id makes them be fetched again, not more often than twice a minute. `aud` must be ours; `wlcg.groups`
 * (or `groups`) and `scope` give the role by the configuration.
 * Source: WLCG Common JWT Profiles 1.0; OpenID Connect Discovery 1.0, section 4; RFC 7517.
 */
import { createRemoteJWKSet, decodeJwt, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { isLoopback } from '../protocol/config.js';
import { CLOCK_SKEW_S, fromTheFuture, type Identity, ISSUER, TokenError, tokenError } from '../protocol/tokens.js';

const httpsUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL, as in https://wlcg.cloud.cnaf.infn.it/' })
  .refine((url) => url.startsWith('https:') || isLoopback(new URL(url).hostname), {
    error: "must be https: keys that come without TLS can be anybody's",
  });
/** `/group` of wlcg.groups, its subgroups included, or `scope:NAME`. */
const claimPattern = z.string().regex(/^(\/\S*|scope:\S+)$/, 'must be /GROUP or scope:NAME');

export const issuerConfig = z.strictObject({
  issuer: httpsUrl,
  /** Audiences of which one must be in the token. */
  audience: z.array(z.string().min(1)).min(1),
  /** Where its keys are; default: as its discovery document says. */
  jwksUri: httpsUrl.optional(),
  /** The claim that is the user's name here. */
  userClaim: z.string().min(1).default('sub'),
  /** Put before it, so that users of two issuers cannot be taken for one another. */
  userPrefix: z
    .string()
    .regex(/^[\w.-]*$/)
    .default(''),
  /** What gives which role; the highest counts. */
  roles: z
    .strictObject({
      user: z.array(claimPattern).default([]),
      operator: z.array(claimPattern).default([]),
      admin: z.array(claimPattern).default([]),
    })
    .prefault({}),
});
export type IssuerConfig = z.infer<typeof issuerConfig>;

const DISCOVERY = z.object({ issuer: z.string(), jwks_uri: httpsUrl });
const FETCH_WITHIN_MS = 10_000;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const BY_RANK = ['admin', 'operator', 'user'] as const;

/** The role that claims give; undefined: none. Pure. */
export function roleOf(claims: JWTPayload, roles: IssuerConfig['roles']): 'user' | 'operator' | 'admin' | undefined {
  const groups = strings(claims['wlcg.groups'] ?? claims['groups']);
  const scopes = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : strings(claims['scope']);
  const isMet = (pattern: string): boolean =>
    pattern.startsWith('scope:')
      ? scopes.includes(pattern.slice(6))
      : groups.some((group) => group === pattern || group.startsWith(`${pattern.replace(/\/$/, '')}/`));
  return BY_RANK.find((role) => roles[role].some(isMet));
}
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

export class Issuers {
  readonly #known: ReadonlyMap<string, { config: IssuerConfig; keys: JWTVerifyGetKey | undefined }>;

  constructor(configs: readonly IssuerConfig[]) {
    this.#known = new Map(configs.map((config) => [config.issuer, { config, keys: undefined }]));
  }

  /** Is it a token of another issuer? Not checked yet; what is no JWT at all is not. */
  isForeign(token: string): boolean {
    try {
      const { iss } = decodeJwt(token);
      return iss !== undefined && iss !== ISSUER;
    } catch {
      return false;
    }
  }

  /** @throws {TokenError} */
  async verify(token: string): Promise<Identity> {
    const { iss = '' } = decodeJwt(token);
    const known = this.#known.get(iss);
    if (known === undefined)
      throw new TokenError(
        `Tokens of ${iss.slice(0, 200)} are not taken here. "proof login --help" tells the ways in.`,
      );
    const { config } = known;
    try {
      known.keys ??= createRemoteJWKSet(new URL(await jwksUriOf(config)), { timeoutDuration: FETCH_WITHIN_MS });
      const { payload } = await jwtVerify(token, known.keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_S,
        requiredClaims: ['exp', 'iat'],
      });
      if (payload.iat! > Date.now() / 1000 + CLOCK_SKEW_S) throw new TokenError(fromTheFuture(payload.iat!));
      return identityOf(payload, config);
    } catch (cause) {
      const { code = '', message } = cause as { code?: string; message: string };
      const isClaim = code === 'ERR_JWT_CLAIM_VALIDATION_FAILED';
      throw tokenError(
        cause,
        isClaim
          ? `The token of ${iss} is not for this server (${message}); it takes the audience ${config.audience.join(' or ')}.`
          : `The token of ${iss} cannot be verified: ${message}.`,
      );
    }
  }
}

function identityOf(payload: JWTPayload, config: IssuerConfig): Identity {
  const name = payload[config.userClaim];
  if (typeof name !== 'string' || !/^[\w.@-]{1,100}$/.test(name))
    throw new TokenError(
      `The token's claim ${config.userClaim} is no name of a user: letters, digits and . _ @ - are.`,
    );
  const role = roleOf(payload, config.roles);
  if (role === undefined)
    throw new TokenError(
      `${name} is known to ${config.issuer}, but none of the token's groups and scopes has a role here.`,
    );
  const tokenId = payload.jti === undefined ? null : `${new URL(config.issuer).host}:${payload.jti}`;
  return { user: `${config.userPrefix}${name}`, role, tokenId, issuedAt: payload.iat!, expiresAt: payload.exp! };
}

async function jwksUriOf({ issuer, jwksUri }: IssuerConfig): Promise<string> {
  if (jwksUri !== undefined) return jwksUri;
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_WITHIN_MS), redirect: 'error' });
  if (!answer.ok) throw new Error(`${url} answers with HTTP status ${answer.status}`);
  const found = DISCOVERY.safeParse(await answer.json());
  if (!found.success || found.data.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, ''))
    throw new Error(`${url} is no discovery document of ${issuer}`);
  return found.data.jwks_uri;
}
