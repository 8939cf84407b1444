/** URLs: what they mean, and what of them may be shown. */
import { expect } from 'chai';
import { BadUrlError } from '../../../storage/errors.js';
import { displayUrl, localPathOf, schemeOf } from '../../../storage/url.js';
import { parseXrootdUrl, withOpaque } from '../../../storage/xrootd/xrootd-url.js';

describe('storage: URLs', () => {
  it('are told from paths', () => {
    expect(['root://a//b', 'FILE:///a', 'file:a', 'https://a/b'].map(schemeOf)).to.deep.equal([
      'root',
      'file',
      'file',
      'https',
    ]);
    expect(['/a/b', 'a:b.root', './x', 'C:/x', 'run 1:2/3'].map(schemeOf)).to.deep.equal(Array(5).fill(undefined));
  });

  it('are shown without credentials', () => {
    expect(displayUrl('root://me:pw@h:1094//f?authz=x#y')).to.equal('root://h:1094//f');
    expect(displayUrl('https://h/f?X-Amz-Signature=x')).to.equal('https://h/f');
    expect(displayUrl('/data/odd?name#1')).to.equal('/data/odd?name#1');
  });

  it('of local files are paths, with escapes undone', () => {
    expect(localPathOf('file:///a%20b%23')).to.equal('/a b#');
    expect(() => localPathOf('file:///a%ZZ')).to.throw(BadUrlError);
  });

  it('of XRootD have host, port, path, opaque part and user', () => {
    expect(parseXrootdUrl('root://alice@[::1]:2094//store//f?authz=a?b')).to.deep.equal({
      endpoint: { host: '::1', port: 2094 },
      path: '/store//f',
      opaque: 'authz=a?b',
      user: 'alice',
      wantTls: false,
      display: 'root://[::1]:2094//store//f',
    });
    expect(parseXrootdUrl('xroots://h/f')).to.deep.include({
      path: '/f',
      wantTls: true,
      endpoint: { host: 'h', port: 1094 },
    });
    for (const bad of ['root://', 'root:///f', 'root://h:0//f', 'root://h:65536//f', 'root://a b//f', 'http://h/f'])
      expect(() => parseXrootdUrl(bad), bad).to.throw(BadUrlError);
    expect(withOpaque('/f', '', 'a=1&', '?b=2')).to.equal('/f?a=1&b=2');
    expect(withOpaque('/f', '')).to.equal('/f');
  });
});
