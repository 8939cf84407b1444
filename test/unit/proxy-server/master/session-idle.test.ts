/** When a session without clients ends: the master's Session with a clock that is turned by hand, its files on a real disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import winston from 'winston';
import { sessionFile } from '../../../../protocol/control-messages.js';
import type { ClientMessage } from '../../../../protocol/session-messages.js';
import { SPOKEN } from '../../../../protocol/version.js';
import type { Receiver } from '../../../../proxy-server/master/peer.js';
import { QueryStore } from '../../../../proxy-server/master/query-store.js';
import { Session } from '../../../../proxy-server/master/session.js';
import { ManualClock } from '../../../support/manual-clock.js';

const MINUTE = 60_000;
/** As the ProxyServer gives them to masters: 12 hours without a client, and longer without itself. */
const IDLE_AFTER = 720 * MINUTE;

describe('proxy-server: a session without clients', () => {
  let folder: string;
  let clock: ManualClock;
  let ends: string[];
  const open = (): Session =>
    new Session({
      file: sessionFile.parse({
        ...{ sessionId: 's-1-1', user: 'ada', directory: folder, socket: join(folder, 'm'), catalog: null, site: null },
        ...{ orphanedAfterMs: 10 * IDLE_AFTER, idleAfterMs: IDLE_AFTER, log: { file: null, level: 'error' } },
      }),
      ...{ clock, log: winston.createLogger({ silent: true }), store: new QueryStore(folder) },
      createRun: () => Promise.reject(new Error('no query is handed in here')),
      onEnd: (why) => ends.push(why),
    });
  const enter = (session: Session, watches = false): Receiver<ClientMessage> => {
    const client = session.client({ send: () => true, close: () => {} });
    client.receive({ type: 'hello', ...SPOKEN, ...(watches ? { watches } : {}) });
    return client;
  };
  /** Ends are told once what was running is on disk. */
  const passed = async (ms: number): Promise<string[]> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return ends;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-idle-'));
    clock = new ManualClock();
    ends = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('that is for one query waits for its client for as long as that one dials, and then ends', async () => {
    const client = enter(open());
    client.receive({ type: 'closeWhenIdle', afterMs: 5 * MINUTE });
    expect(await passed(60 * MINUTE), 'while the client is there').to.deep.equal([]);
    client.closed('its link broke');
    expect(await passed(5 * MINUTE - 1)).to.deep.equal([]);
    expect(await passed(1)).to.deep.equal(['idle for 300000 ms']);
  });

  it('does not end under a client that comes back in time, and then waits anew', async () => {
    const session = open();
    const client = enter(session);
    client.receive({ type: 'closeWhenIdle', afterMs: 5 * MINUTE });
    client.closed('its link broke');
    expect(await passed(5 * MINUTE - 1)).to.deep.equal([]);
    const again = enter(session);
    expect(await passed(60 * MINUTE)).to.deep.equal([]);
    again.closed('its link broke');
    expect(await passed(5 * MINUTE - 1)).to.deep.equal([]);
    expect(await passed(1)).to.have.length(1);
  });

  it('is not kept by who only watches', async () => {
    const session = open();
    const client = enter(session);
    client.receive({ type: 'closeWhenIdle', afterMs: 5 * MINUTE });
    enter(session, true);
    client.closed('its link broke');
    expect(await passed(5 * MINUTE)).to.have.length(1);
  });

  it('ends at once when its client leaves on purpose', async () => {
    const client = enter(open());
    client.receive({ type: 'closeWhenIdle', afterMs: 5 * MINUTE });
    client.receive({ type: 'closeWhenIdle', afterMs: 0 });
    client.closed('the client left');
    expect(await passed(0)).to.deep.equal(['idle for 0 ms']);
  });

  it('knows after a restart of its master how long it waits, from the moment that it has recovered', async () => {
    const client = enter(open());
    client.receive({ type: 'closeWhenIdle', afterMs: 5 * MINUTE });
    const next = open(); // of the process that takes the place of a killed one; the first hears nothing any more
    expect(await passed(2 * MINUTE)).to.deep.equal([]);
    await next.recover();
    expect(await passed(5 * MINUTE - 1)).to.deep.equal([]);
    expect(await passed(1)).to.deep.equal(['idle for 300000 ms']);
  });

  it('is open for as long as the ProxyServer says, where nobody said less; and no client can say more', async () => {
    enter(open()).closed('left');
    expect(await passed(IDLE_AFTER - 1)).to.deep.equal([]);
    expect(await passed(1)).to.deep.equal([`idle for ${IDLE_AFTER} ms`]);
    const client = enter(open());
    client.receive({ type: 'closeWhenIdle', afterMs: 2 * IDLE_AFTER });
    client.closed('left');
    expect(await passed(IDLE_AFTER)).to.have.length(2);
  });
});
