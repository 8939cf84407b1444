import { expect } from 'chai';
import { withBrowserToken, withoutToken } from '../../../../proxy-server/web/browser-token.js';

describe('proxy-server: the token of a page', () => {
  it('among the subprotocols of its WebSocket is one like any other', () => {
    const headers = { host: 'here', 'sec-websocket-protocol': 'proof-grid, bearer.aa.b-b.c_c' };
    expect(withBrowserToken(headers)).to.deep.equal({ ...headers, authorization: 'Bearer aa.b-b.c_c' });
  });

  it('is looked for where no header says who it is, and nowhere else', () => {
    const both = { authorization: 'Bearer x', 'sec-websocket-protocol': 'bearer.y' };
    expect(withBrowserToken(both)).to.equal(both);
    for (const protocol of [undefined, '', 'proof-grid', 'bearer', 'bearer.', 'bearer.a b', 'xbearer.a'])
      expect(withBrowserToken({ 'sec-websocket-protocol': protocol })).to.not.have.property('authorization');
  });

  it('does not go on to a master', () => {
    expect(withoutToken('proof-grid, bearer.aa.bb.cc')).to.equal('proof-grid');
    expect(withoutToken('proof-grid')).to.equal('proof-grid');
  });
});
