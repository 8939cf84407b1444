import { expect } from 'chai';
import { Accountant } from '../../../proxy-server/accounting/accountant.js';
import { UseStore } from '../../../proxy-server/accounting/use-store.js';
import { openStateDb } from '../../../proxy-server/state-db.js';
import { testNode } from '../../support/nodes.js';

const DAY_MS = 86_400_000;

describe('proxy-server: accounting', () => {
  let nowMs: number;
  let accountant: Accountant;
  beforeEach(() => {
    nowMs = 20_000 * DAY_MS;
    accountant = new Accountant({
      store: new UseStore(openStateDb(':memory:')),
      userOfSession: (sessionId) => ({ s1: 'alice', s2: 'bob' })[sessionId],
      userOfJob: (jobId) => (jobId === 7 ? 'bob' : undefined),
      nowMs: () => nowMs,
    });
  });
  const agent = { agentId: 'a1', pilotId: 'p1', node: testNode };
  const worker = (process: string, sessionId: string | null, cpuSeconds: number) => ({
    process,
    kind: 'interactive' as const,
    sessionId,
    cpuSeconds,
  });
  const all = { user: 'root', role: 'operator' as const };

  it('counts each second of a process once, however often it is told', () => {
    const told = [worker('w1', 's1', 2), { ...worker('7.1', null, 5), kind: 'batch' as const }];
    accountant.hear(agent, told);
    accountant.hear(agent, told);
    accountant.hear(agent, [worker('w1', 's1', 3)]);
    accountant.hear(agent, [worker('w1', 's1', 1)]); // said late
    accountant.hear({ ...agent, agentId: 'a2' }, [worker('w1', 's1', 10)]); // another process of that name
    expect(accountant.sums(all, 'user', 1)).to.deep.equal([
      { key: 'alice', interactiveSeconds: 13, batchSeconds: 0 },
      { key: 'bob', interactiveSeconds: 0, batchSeconds: 5 },
    ]);
    expect(accountant.sums(all, 'slot', 1)).to.deep.equal([{ key: 'p1', interactiveSeconds: 13, batchSeconds: 5 }]);
    expect(accountant.sums({ user: 'bob', role: 'user' }, 'site', 1)).to.deep.equal([
      { key: 'TEST', interactiveSeconds: 0, batchSeconds: 5 },
    ]);
  });

  it('puts what a worker used before its session to nobody, and each day to itself', () => {
    accountant.hear(agent, [worker('w1', null, 1)]);
    nowMs += DAY_MS;
    accountant.hear(agent, [worker('w1', 's2', 4)]);
    expect(accountant.sums(all, 'user', 30).map(({ key }) => key)).to.deep.equal(['', 'bob']);
    expect(accountant.sums(all, 'day', 30)).to.deep.equal([
      { key: '2024-10-04', interactiveSeconds: 1, batchSeconds: 0 },
      { key: '2024-10-05', interactiveSeconds: 3, batchSeconds: 0 },
    ]);
    expect(accountant.sums(all, 'day', 1)).to.have.length(1);
  });
});
