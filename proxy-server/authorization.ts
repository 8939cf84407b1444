/**
 * Who may do what: every action of the ProxyServer with the reach that each role has. Pure. docs/security.md shows the same table.
 *
 * own: what belongs to the user; any: everybody's. What one may not see does not exist: listings leave it out.
 */
import { GridError } from '../protocol/errors.js';
import type { Role } from '../protocol/role.js';
import type { Identity } from '../protocol/tokens.js';

export type Reach = 'none' | 'own' | 'any';

const row = (user: Reach, operator: Reach, admin: Reach): Record<Role, Reach> => ({
  agent: 'none',
  user,
  operator,
  admin,
});

export const PERMISSIONS = {
  'session.open': row('own', 'own', 'own'),
  'session.list': row('own', 'any', 'any'),
  'session.attach': row('own', 'own', 'any'),
  'session.end': row('own', 'any', 'any'),
  'query.list': row('own', 'any', 'any'),
  'query.result': row('own', 'own', 'any'),
  'query.stop': row('own', 'any', 'any'),
  'query.remove': row('own', 'own', 'any'),
  'package.upload': row('own', 'own', 'own'),
  'package.read': row('own', 'own', 'own'),
  'package.clear': row('own', 'own', 'own'),
  'job.submit': row('own', 'own', 'own'),
  'job.list': row('own', 'any', 'any'),
  /** Its files hold the user's data. */
  'job.files': row('own', 'own', 'any'),
  'job.kill': row('own', 'any', 'any'),
  'job.resubmit': row('own', 'own', 'any'),
  'accounting.read': row('own', 'any', 'any'),
  'pool.list': row('any', 'any', 'any'),
  'request.make': row('own', 'own', 'own'),
  'request.end': row('own', 'any', 'any'),
  'pilot.submit': row('none', 'any', 'any'),
  'pilot.kill': row('none', 'any', 'any'),
  'pilot.drain': row('none', 'any', 'any'),
  'pilot.log': row('none', 'any', 'any'),
  'site.ban': row('none', 'any', 'any'),
  'token.create': row('none', 'none', 'any'),
  'token.list': row('own', 'own', 'any'),
  'token.revoke': row('own', 'own', 'any'),
  'audit.read': row('none', 'none', 'any'),
  'agent.register': { agent: 'any', user: 'none', operator: 'none', admin: 'any' },
} as const satisfies Record<string, Record<Role, Reach>>;

export type Action = keyof typeof PERMISSIONS;

/** Known, but not entitled: what would be. */
export class ForbiddenError extends GridError {
  readonly code = 'PROXY_FORBIDDEN';
}

export function reachOf({ role }: Pick<Identity, 'role'>, action: Action): Reach {
  return PERMISSIONS[action][role];
}

/** @param owner whose it is that is touched; null: nobody's */
export function may(identity: Pick<Identity, 'role' | 'user'>, action: Action, owner: string | null = null): boolean {
  const reach = reachOf(identity, action);
  return reach === 'any' || (reach === 'own' && (owner === null || owner === identity.user));
}

/** @throws {ForbiddenError} with the roles that may */
export function authorize(identity: Identity, action: Action, owner: string | null = null): void {
  if (may(identity, action, owner)) return;
  const { user, role } = identity;
  const roles = (Object.keys(PERMISSIONS[action]) as Role[]).filter((name) => PERMISSIONS[action][name] === 'any');
  const whose = owner === null || owner === user ? '' : ` on what is ${owner}'s`;
  throw new ForbiddenError(
    `${user} (role ${role}) may not ${action.replace('.', ' ')}${whose}: that takes the role ${roles.join(' or ')}.`,
  );
}
