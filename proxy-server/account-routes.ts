/** The routes of accounts: login, who one is, tokens, the audit log. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { login, newToken } from '../protocol/api.js';
import { checked } from '../protocol/check.js';
import type { Role } from '../protocol/role.js';
import { type Identity, TokenError } from '../protocol/tokens.js';
import type { AuditLog } from './audit-log.js';
import { authorize, ForbiddenError } from './authorization.js';
import type { Audited } from './http.js';
import type { Gate } from './identity.js';
import type { TokenBook } from './token-book.js';

export interface AccountParts {
  readonly tokens: TokenBook;
  readonly audit: AuditLog;
  /** Subject of a user's certificate -> who that is. */
  readonly certificates: Readonly<Record<string, { user: string; role: Role }>>;
  /** Of a token that a login gives, at most. */
  readonly loginLifetimeS: number;
}

interface Door {
  readonly gate: Gate;
  readonly who: (request: FastifyRequest) => Identity;
  readonly audited: Audited;
}

export function addAccountRoutes(app: FastifyInstance, parts: AccountParts, { gate, who, audited }: Door): void {
  const { tokens, audit } = parts;
  app.post('/v1/login', async (request) => {
    const { lifetimeS } = checked(login, request.body ?? {}, 'body');
    const identity = certificateOf(request, parts.certificates) ?? (await gate.identify(request.raw));
    if (identity.role === 'agent') throw new ForbiddenError('A token of the role agent is for agents only.');
    if (identity.job !== undefined)
      throw new ForbiddenError('The token of a job ends with its job: it gives no other token.');
    const lifetime = lifetimeOf(identity, Math.min(lifetimeS ?? Number.POSITIVE_INFINITY, parts.loginLifetimeS));
    const { user, role } = identity;
    const issued = await tokens.issue(user, { user, role, lifetimeS: lifetime, note: 'login' });
    audit.write({ ...identity, tokenId: issued.info.tokenId }, request.ip, {
      action: 'login',
      target: user,
      outcome: 'done',
    });
    return issued;
  });
  app.get('/v1/whoami', async (request) => {
    const { user, role, tokenId, expiresAt } = who(request);
    return { user, role, tokenId, expiresAt };
  });
  app.get('/v1/tokens', async (request) => tokens.list(who(request)));
  app.post('/v1/tokens', async (request) => {
    authorize(who(request), 'token.create');
    const body = checked(newToken, request.body, 'body');
    const act = {
      action: 'token.create' as const,
      target: body.user,
      detail: `role ${body.role}, ${body.lifetimeS} s`,
    };
    return audited(request, act, () => tokens.issue(who(request).user, body));
  });
  app.delete('/v1/tokens/:id', async (request) => {
    const { id } = checked(z.object({ id: z.string().min(1).max(300) }), request.params, 'path');
    await audited(request, { action: 'token.revoke', target: id }, () => tokens.revoke(who(request), id));
    return {};
  });
  app.post('/v1/tokens/revoke', async (request) => {
    const { user = '', token } = checked(revocation, request.body, 'body');
    if (token !== undefined) {
      const tokenId = await tokens.idOf(token);
      await audited(request, { action: 'token.revoke', target: tokenId }, () => tokens.revoke(who(request), tokenId));
      return { tokenId };
    }
    const act = { action: 'token.revoke' as const, target: user, detail: 'all of the user' };
    return { tokens: await audited(request, act, () => tokens.revokeAllOf(who(request), user)) };
  });
  app.get('/v1/audit', async (request) => {
    authorize(who(request), 'audit.read');
    const { last } = checked(
      z.object({ last: z.coerce.number().int().min(1).max(10_000).default(100) }),
      request.query,
      'query',
    );
    return audit.last(last);
  });
}

/** Of all tokens of a user, or of one token. */
const revocation = z
  .object({ user: z.string().min(1).max(100).optional(), token: z.string().min(1).max(10_000).optional() })
  .refine(({ user, token }) => (user === undefined) !== (token === undefined), 'must name a user or a token');

/** A login with a token of our own does not outlive that token: else no token would ever end. */
function lifetimeOf({ tokenId, expiresAt }: Identity, most: number): number {
  const isOwn = tokenId !== null && !tokenId.includes(':');
  if (!isOwn || expiresAt === null) return most;
  return Math.max(1, Math.min(most, Math.floor(expiresAt - Date.now() / 1000)));
}

/** Who a verified client certificate is; undefined: none was shown, and a token must say. */
function certificateOf(request: FastifyRequest, known: AccountParts['certificates']): Identity | undefined {
  const socket = request.raw.socket as Partial<TLSSocket>;
  if (request.headers.authorization !== undefined || socket.getPeerCertificate === undefined) return undefined;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  const subject = subjectOf(raw);
  if (isProxy(raw))
    throw new TokenError(
      `${subject} is a proxy certificate (RFC 3820), which is not taken: log in with the certificate that it was made from, or with a token.`,
    );
  if (socket.authorized !== true)
    throw new TokenError(`The certificate of ${subject} is not accepted: ${String(socket.authorizationError)}.`);
  const user = Object.hasOwn(known, subject) ? known[subject] : undefined;
  if (user === undefined)
    throw new TokenError(
      `The certificate of ${subject} is good, but nobody here: an admin adds it under "certificates".`,
    );
  return { ...user, tokenId: null, issuedAt: null, expiresAt: null };
}

/** OID 1.3.6.1.5.5.7.1.14, proxyCertInfo, as DER has it (RFC 3820, 3.8); the older kind has its last word in the subject. */
const PROXY_CERT_INFO = Buffer.from('06082b0601050507010e', 'hex');
const isProxy = (der: Buffer): boolean =>
  der.includes(PROXY_CERT_INFO) || /\/CN=(limited )?proxy$/.test(subjectOf(der));

/** As grid map files write it: /DC=ch/DC=cern/CN=Ada */
export function subjectOf(der: Buffer): string {
  return `/${new X509Certificate(der).subject.split('\n').join('/')}`;
}
