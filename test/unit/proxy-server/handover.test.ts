/** What a master gets to see of an upgrade request. */
import { expect } from 'chai';
import { handoverHead } from '../../../proxy-server/handover.js';

const request = {
  method: 'GET',
  url: '/v1/worker/here-1-2?ticket=abc',
  rawHeaders: [
    'Host',
    'here:1',
    'Upgrade',
    'websocket',
    'X-Proof-User',
    'root',
    'Authorization',
    'Bearer abc',
    'cookie',
    'a=b',
    'Sec-WebSocket-Protocol',
    'proof-grid, bearer.abc',
  ],
};

describe('proxy-server: handover', () => {
  it("passes the head on, without the peer's credentials and forged facts, with what was found out", () => {
    expect(handoverHead(request, { 'x-proof-worker': 'w1' })).to.equal(
      'GET /v1/worker/here-1-2 HTTP/1.1\r\nHost: here:1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: proof-grid\r\nx-proof-worker: w1\r\n\r\n',
    );
  });

  it('lets no fact start a header of its own', () => {
    expect(handoverHead(request, { 'x-proof-user': 'a\r\nx-evil: 1' })).to.contain(
      'x-proof-user: a  x-evil: 1\r\n\r\n',
    );
  });
});
