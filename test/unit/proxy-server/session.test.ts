import { expect } from 'chai';
import { Session } from '../../../proxy-server/session.js';
import type { SessionRecord } from '../../../proxy-server/session-store.js';

const session = (): Session => new Session({ sessionId: 's-1-1', user: 'ada' } as SessionRecord);
const outcome = (listening: Promise<void>): Promise<string> => listening.then(() => 'listens', String);

describe('proxy-server: a session whose master dies', () => {
  it('lets who waited for the one that died wait for the next, however often that happens', async () => {
    const one = session();
    const waiting = [outcome(one.listening)];
    for (let deaths = 0; deaths < 3; deaths++) {
      one.awaitMaster();
      waiting.push(outcome(one.listening));
    }
    one.isListening();
    expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['listens']));
    one.awaitMaster();
    const later = outcome(one.listening);
    one.awaitMaster();
    one.failed(new Error('too often'));
    expect(await later).to.equal('Error: too often');
    expect(await outcome(one.listening)).to.equal('Error: too often');
  });

  it('that has listened and ended lets nobody in any more', async () => {
    const one = session();
    one.isListening();
    one.failed(new Error('over'));
    expect(await outcome(one.listening)).to.equal('Error: over');
  });
});
