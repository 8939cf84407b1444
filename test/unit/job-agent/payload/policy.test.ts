import { expect } from 'chai';
import { type CoreUser, shareCores } from '../../../../job-agent/payload/policy.js';

const user = (key: string, more: Partial<CoreUser> = {}): CoreUser => ({
  key,
  cores: 1,
  policy: 'suspend',
  isStarted: true,
  ...more,
});
const decide = (users: CoreUser[], cores: number, sessionCores: number): string =>
  [...shareCores(users, { cores, sessionCores })].map(([key, decision]) => `${key} ${decision}`).join(', ');

describe('job-agent: the cores of a slot', () => {
  it('go to sessions first, then to the oldest payloads', () => {
    const users = [user('a'), user('b'), user('c')];
    expect(decide(users, 3, 0)).to.equal('a run, b run, c run');
    expect(decide(users, 3, 2)).to.equal('a run, b stop, c stop');
    expect(decide(users, 3, 3)).to.equal('a stop, b stop, c stop');
    expect(decide([user('a', { cores: 2 }), user('b')], 2, 1)).to.equal('a stop, b run');
  });

  it('are shared or kept where the site says so, by payloads that run already', () => {
    expect(decide([user('a', { policy: 'share' })], 1, 1)).to.equal('a yield');
    expect(decide([user('a', { policy: 'decline' })], 1, 1)).to.equal('a run');
    expect(decide([user('a', { policy: 'share', isStarted: false })], 1, 1)).to.equal('a stop');
  });
});
