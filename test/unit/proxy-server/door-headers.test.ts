/** Which headers go on with what is handed through. */
import { expect } from 'chai';
import { headersThrough, requestHeaders } from '../../../proxy-server/door-headers.js';

const raw = (headers: readonly (readonly [string, string])[]): string[] => headers.flat();

describe('proxy-server: headers of the catalog behind the one port', () => {
  it('what the two ends say to one another goes on as it is', () => {
    const headers = raw([
      ['Authorization', 'Bearer abc'],
      ['ETag', '"x"'],
      ['If-None-Match', '"x"'],
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '12'],
      ['X-Proof-User', 'ada'],
      ['Origin', 'https://elsewhere.example'],
    ]);
    expect({ ...headersThrough(headers) }).to.deep.equal({
      authorization: 'Bearer abc',
      etag: '"x"',
      'if-none-match': '"x"',
      'content-encoding': 'gzip',
      'content-length': '12',
      'x-proof-user': 'ada',
      origin: 'https://elsewhere.example',
    });
  });

  it('what belongs to one connection does not, nor what that connection names as its own', () => {
    const names = ['Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'Proxy-Authorization', 'Transfer-Encoding', 'Expect'];
    const headers = raw([
      ['Connection', 'close, X-Mine'],
      ['x-mine', '1'],
      ['accept', '*/*'],
      ...names.map((name) => [name, 'x'] as const),
    ]);
    expect({ ...headersThrough(headers) }).to.deep.equal({ accept: '*/*' });
  });

  it('one that comes twice goes on twice, and one with a name of JavaScript is a header as any', () => {
    const headers = raw([
      ['Accept', 'a'],
      ['accept', 'b'],
      ['ACCEPT', 'c'],
      ['__proto__', 'x'],
    ]);
    const through = headersThrough(headers);
    expect(through['accept']).to.deep.equal(['a', 'b', 'c']);
    expect(Object.keys(through)).to.deep.equal(['accept', '__proto__']);
  });

  it('a request is addressed to the catalog, and a body of unknown length stays one', () => {
    const headers = raw([
      ['Host', 'voalice06.cern.ch:1093'],
      ['Transfer-Encoding', 'chunked'],
    ]);
    expect(requestHeaders(headers, '127.0.0.1:8093')).to.deep.equal({
      host: '127.0.0.1:8093',
      'transfer-encoding': 'chunked',
    });
    expect(requestHeaders(raw([['host', 'a']]), 'b')).to.deep.equal({ host: 'b' });
  });
});
