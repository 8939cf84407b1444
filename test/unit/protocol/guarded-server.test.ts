import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { ServerGuard, type TooManyRequestsError } from '../../../protocol/guarded-server.js';
import { PEER_LIMITS } from '../../../protocol/peer-limits.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('protocol: a guarded server', () => {
  it('refuses a user who floods it, and nobody else, until time has passed', async () => {
    const clock = new ManualClock();
    const server = createServer((request, answer) => {
      try {
        guard.known(request, request.headers.authorization ?? '');
        answer.end('in');
      } catch (error) {
        answer.writeHead(429).end((error as TooManyRequestsError).code);
      }
    });
    const guard = new ServerGuard(server, clock);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = async (authorization: string): Promise<string> =>
      (await fetch(url, { headers: { authorization } })).text();
    try {
      let served = 0;
      while (served < 10 * PEER_LIMITS.burst && (await ask('ada')) === 'in') served++;
      expect(served).to.equal(PEER_LIMITS.burst);
      expect(await ask('ada')).to.equal('PROTOCOL_TOO_MANY_REQUESTS');
      expect(await ask('bob')).to.equal('in');
      clock.advance(1_000);
      expect(await ask('ada')).to.equal('in');
    } finally {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
});
