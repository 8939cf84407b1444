/** What the factory is asked to follow, and what is no reason for more pilots. */
import { expect } from 'chai';
import type { NodeFacts } from '../../../../protocol/agent-messages.js';
import type { Agent } from '../../../../proxy-server/agent-registry.js';
import { readProxyConfig } from '../../../../proxy-server/config.js';
import { NO_BACK_OFF } from '../../../../proxy-server/factory/back-off.js';
import { DemandDesk } from '../../../../proxy-server/factory/demand-desk.js';
import { PilotStore } from '../../../../proxy-server/pilot-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';
import { withConfigFile } from '../../../support/config-file.js';

describe('proxy-server: demand desk', () => {
  it('asks for no pilots in place of agents that have not dialled again yet after a restart of the server', () => {
    const { sites } = withConfigFile(
      'stateDir: s\nsites: [{ name: A, type: local, max: 9, cores: 2 }, { name: B, type: local, max: 9 }]\n',
      readProxyConfig,
    );
    const db = openStateDb(':memory:');
    const pilots = new PilotStore(db);
    pilots.add(
      ['p1', 'p2'].map((pilotId) => ({ pilotId, site: 'A', secret: 'x' })),
      5,
    );
    for (const pilotId of ['p1', 'p2'])
      pilots.move(pilotId, 'register', { agentId: `of-${pilotId}`, cores: 2, registeredAt: 6 });
    const back: Agent[] = [];
    const desk = new DemandDesk({
      ...{ sites, agents: () => back, livePilots: () => pilots.live(), backOff: () => NO_BACK_OFF },
      isBanned: () => false,
      sessionsWant: () => 5,
      jobsWant: () => [],
      requests: () => [],
      nowMs: () => 10,
    });
    expect(desk.of('A').more).to.equal(1);
    back.push({ agentId: 'of-p1', node: { site: 'A' } as NodeFacts } as Agent);
    expect(desk.of('A').more).to.equal(3);
    pilots.move('p2', 'end', { endedAt: 9, why: 'it did not come back' });
    expect(desk.of('A').more).to.equal(5);
    db.close();
  });
});
