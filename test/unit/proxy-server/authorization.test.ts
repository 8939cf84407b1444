/** Who may do what: the whole table, role by role, and the page that shows it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Role } from '../../../protocol/role.js';
import type { Identity } from '../../../protocol/tokens.js';
import { type Action, authorize, may, PERMISSIONS, type Reach } from '../../../proxy-server/authorization.js';

const ROLES = ['agent', 'user', 'operator', 'admin'] as const satisfies readonly Role[];
const ACTIONS = Object.keys(PERMISSIONS) as Action[];
const ada = (role: Role): Identity => ({ user: 'ada', role, tokenId: null, issuedAt: null, expiresAt: null });

describe('proxy-server: authorisation', () => {
  it("lets every role do what its reach says, on what is their own, on what is not, and on what is nobody's", () => {
    const expected: Record<Reach, [boolean, boolean, boolean]> = {
      none: [false, false, false],
      own: [true, false, true],
      any: [true, true, true],
    };
    for (const action of ACTIONS)
      for (const role of ROLES) {
        const allowed = ['ada', 'bob', null].map((owner) => may(ada(role), action, owner));
        expect(allowed, `${role} ${action}`).to.deep.equal(expected[PERMISSIONS[action][role]]);
      }
  });

  it('gives no role less than the one below it, and agents nothing but their registration', () => {
    const rank: Record<Reach, number> = { none: 0, own: 1, any: 2 };
    for (const action of ACTIONS) {
      const { agent, user, operator, admin } = PERMISSIONS[action];
      expect(rank[user] <= rank[operator] && rank[operator] <= rank[admin], action).to.equal(true);
      expect(agent, action).to.equal(action === 'agent.register' ? 'any' : 'none');
    }
  });

  it('keeps the data of others from operators, and acts on the pool, tokens and the audit log from users', () => {
    for (const action of ['session.attach', 'query.result', 'query.remove', 'job.files'] as const)
      expect(may(ada('operator'), action, 'bob'), action).to.equal(false);
    for (const action of ACTIONS.filter((name) => /^(pilot|site|audit)\.|^token\.create/.test(name)))
      expect(may(ada('user'), action), action).to.equal(false);
  });

  it('says who may, where one may not', () => {
    expect(() => authorize(ada('user'), 'session.end', 'bob')).to.throw(
      "ada (role user) may not session end on what is bob's: that takes the role operator or admin.",
    );
    expect(() => authorize(ada('user'), 'session.end', 'ada')).not.to.throw();
  });

  it('is shown whole in docs/security.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/security.md'), 'utf8');
    for (const action of ACTIONS) {
      const { user, operator, admin } = PERMISSIONS[action];
      expect(page, action).to.contain(`| ${action} | ${user} | ${operator} | ${admin} |`);
    }
  });
});
