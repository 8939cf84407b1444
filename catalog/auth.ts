/** Who calls: from the token, or on the loopback set-up from what the client says. */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { userInfo } from 'node:os';
import type { JWK } from 'jose';
import { ConfigError, configPath, isLoopback } from '../protocol/config.js';
import { foreignRequest } from '../protocol/loopback-request.js';
import { Revocations } from '../protocol/revocations.js';
import { bearer, TokenError, verifyToken } from '../protocol/tokens.js';
import type { CatalogConfig } from './catalog-config.js';
import { AccessDeniedError } from './errors.js';
import { USER_HEADER } from './grid/wire.js';
import type { Caller } from './permissions.js';

export type Authenticate = (headers: IncomingHttpHeaders) => Promise<Caller>;

/** @throws {ConfigError} development authentication off the loopback, or a key that cannot be read */
export function createAuthentication(config: CatalogConfig, file: string): Authenticate {
  const callerNamed = (user: string, isAdmin: boolean): Caller => ({
    user,
    groups: groupsOf(user, config.groups),
    isAdmin: isAdmin || config.admins.includes(user),
  });
  if (config.auth === 'development') {
    if (!isLoopback(config.listen.host))
      throw new ConfigError(`${file}: auth: development works on the loopback only; ${config.listen.host} is not.`);
    const self = userInfo().username;
    return async (headers) => {
      const foreign = foreignRequest(headers);
      if (foreign !== undefined) throw new AccessDeniedError(foreign);
      const named = headers[USER_HEADER];
      const user = typeof named === 'string' && named !== '' ? named : self;
      if (!/^[\w.@-]{1,100}$/.test(user)) throw new TokenError('That is no user name.');
      return callerNamed(user, false);
    };
  }
  const { key, path } = readKey(config, file);
  const revocations = new Revocations(path);
  return async (headers) => {
    const { user, role, tokenId, issuedAt } = await verifyToken(key, bearer(headers.authorization));
    if (revocations.isRevoked({ user, tokenId, issuedAt: issuedAt ?? 0 }))
      throw new TokenError('The token was revoked. Get another one: "proof login".');
    return callerNamed(user, role === 'admin');
  };
}

function readKey(config: CatalogConfig, file: string): { key: JWK; path: string } {
  if (config.keyFile === undefined)
    throw new ConfigError(`${file}: auth: token needs keyFile, the ProxyServer's key (FILE.pub.json).`);
  const path = configPath(file, config.keyFile);
  try {
    return { key: JSON.parse(readFileSync(path, 'utf8')) as JWK, path };
  } catch (cause) {
    throw new ConfigError(`${file}: keyFile: ${path} cannot be read as a key: ${(cause as Error).message}.`, { cause });
  }
}

function groupsOf(user: string, groups: Readonly<Record<string, readonly string[]>>): string[] {
  const named = Object.keys(groups).filter((group) => groups[group]!.includes(user));
  return named.length > 0 ? named : [user];
}
