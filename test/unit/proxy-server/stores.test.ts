/** What the ProxyServer keeps, in SQLite. */
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import { AgentStore } from '../../../proxy-server/agent-store.js';
import { PilotStore } from '../../../proxy-server/pilot-store.js';
import { QueryStore } from '../../../proxy-server/query-store.js';
import { SessionStore } from '../../../proxy-server/session-store.js';
import { SiteStore } from '../../../proxy-server/site-store.js';
import { openStateDb } from '../../../proxy-server/state-db.js';

const entries = { total: 10, done: 0, failed: 0, missing: 10 };

describe('proxy-server: stores', () => {
  let db: Database.Database;
  beforeEach(() => {
    db = openStateDb(':memory:');
  });
  afterEach(() => db.close());

  it('know a pilot by its secret until that is spent, and keep no secret', () => {
    const pilots = new PilotStore(db);
    pilots.add([{ pilotId: 'p1', site: 'S', secret: 'open sesame' }], 5);
    expect(pilots.isSecretOf('p1', 'open sesame')).to.equal(true);
    expect(pilots.isSecretOf('p1', 'open barley')).to.equal(false);
    expect(pilots.isSecretOf('p2', 'open sesame')).to.equal(false);
    expect(JSON.stringify(db.prepare('SELECT * FROM pilot').all())).not.to.contain('sesame');
    pilots.spendSecret('p1');
    expect(pilots.isSecretOf('p1', 'open sesame')).to.equal(false);
  });

  it('move pilots along the table only, and list the living', () => {
    const pilots = new PilotStore(db);
    pilots.add(
      [
        { pilotId: 'p1', site: 'S', secret: 'a' },
        { pilotId: 'p2', site: 'S', secret: 'b' },
      ],
      5,
    );
    expect(pilots.move('p1', 'run', { startedAt: 6 })?.state).to.equal('starting');
    expect(pilots.move('p1', 'run')).to.equal(undefined);
    expect(pilots.move('p1', 'register', { agentId: 'a1', registeredAt: 7 })).to.include({
      state: 'idle',
      startedAt: 6,
      agentId: 'a1',
    });
    expect(pilots.move('p1', 'end', { endedAt: 9, why: 'killed' })?.state).to.equal('gone');
    expect(pilots.move('p1', 'register')).to.equal(undefined);
    expect(pilots.live().map((p) => p.pilotId)).to.deep.equal(['p2']);
    expect(pilots.since(9).map((p) => p.pilotId)).to.deep.equal(['p1', 'p2']);
    expect(pilots.prune(10)).to.deep.equal(['p1']);
  });

  it('recognize an agent by its token until it has ended', () => {
    const agents = new AgentStore(db);
    agents.add({ agentId: 'a1', pilotId: 'p1', site: 'S', token: 't' }, 5);
    expect(agents.recognize('a1', 't', 6)).to.deep.equal({ pilotId: 'p1', site: 'S' });
    expect(agents.recognize('a1', 'u', 6)).to.equal(undefined);
    agents.end('a1', 'lost', 9);
    expect(agents.recognize('a1', 't', 10)).to.equal(undefined);
    expect(agents.open()).to.deep.equal([]);
  });

  it('recognize an agent by its newest token and the one before, until their time is over', () => {
    const agents = new AgentStore(db);
    agents.add({ agentId: 'a2', pilotId: null, site: 'S', token: 't1' }, 5);
    agents.renew('a2', 't2', 100);
    agents.renew('a2', 't3', 200);
    const known = (token: string, at: number): boolean => agents.recognize('a2', token, at) !== undefined;
    expect(['t1', 't2', 't3'].map((token) => known(token, 150))).to.deep.equal([false, true, true]);
    expect(known('t3', 200)).to.equal(false);
  });

  it('keep the ban of a site apart from its back-off', () => {
    const sites = new SiteStore(db);
    sites.setBanned('B', 'disks burn');
    sites.setBackOff('B', { failures: 1, until: null, lastFailure: 'x' });
    expect([sites.banned('B'), sites.backOff('B').failures, sites.banned('other')]).to.deep.equal([
      'disks burn',
      1,
      null,
    ]);
    sites.setBanned('B', null);
    expect([sites.banned('B'), sites.backOff('B').failures]).to.deep.equal([null, 1]);
  });

  it('keep sessions and queries; what still ran when its session ended is aborted', () => {
    const sessions = new SessionStore(db);
    const queries = new QueryStore(db);
    const record = {
      sessionId: 's1',
      user: 'anna',
      title: '',
      state: 'starting' as const,
      directory: '/d',
      socket: '/s',
    };
    sessions.add({ ...record, pid: 1, pidStart: null, maxWorkers: null, startedAt: 5, endedAt: null, why: null });
    const query = { query: 's1:q1', title: 't', entries, submittedAt: 6, endedAt: null };
    queries.put({ sessionId: 's1', user: 'anna' }, { ...query, state: 'running' });
    queries.put({ sessionId: 's1', user: 'anna' }, { ...query, query: 's1:q2', state: 'completed', endedAt: 7 });
    sessions.end('s1', 'killed', 9);
    queries.abortOpen('s1', 9);
    expect(queries.list('anna').map((q) => [q.query, q.state, q.endedAt])).to.deep.equal([
      ['s1:q1', 'aborted', 9],
      ['s1:q2', 'completed', 7],
    ]);
    expect(queries.list('bert')).to.deep.equal([]);
    expect(sessions.open()).to.deep.equal([]);
    expect(sessions.prune(100)).to.deep.equal([]); // queries of it are still kept
    queries.prune(100);
    expect(sessions.prune(100)).to.deep.equal([{ sessionId: 's1', directory: '/d' }]);
  });

  it('keep the back-off of a site', () => {
    const sites = new SiteStore(db);
    expect(sites.backOff('S').failures).to.equal(0);
    sites.setBackOff('S', { failures: 2, until: 7, lastFailure: 'refused' });
    expect(new SiteStore(db).backOff('S')).to.deep.equal({ failures: 2, until: 7, lastFailure: 'refused' });
  });
});
