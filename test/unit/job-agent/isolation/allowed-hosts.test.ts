import { expect } from 'chai';
import { hostOfServer, isAllowedHost } from '../../../../job-agent/isolation/allowed-hosts.js';

describe('job-agent: hosts for workers without network', () => {
  it('are those of the patterns, with their ports, and nothing that looks like them', () => {
    const allowed = ['eos.cern.ch:1094', '*.gsi.de', '::1', '[2001:db8::1]:1094', 'Cache.Site'];
    const is = (host: string, port: number): boolean => isAllowedHost(host, port, allowed);
    expect([is('eos.cern.ch', 1094), is('EOS.cern.ch', 1094), is('eos.cern.ch', 22)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect([is('a.gsi.de', 1), is('a.b.gsi.de', 443), is('gsi.de', 1), is('evilgsi.de', 1)]).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect([is('cache.site', 9), is('cache.site.evil', 9), is('', 9), is('cache.site', 0)]).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
    expect(is('2001:db8::1', 1094)).to.equal(true);
    expect(isAllowedHost('anything', 80, [])).to.equal(false);
  });

  it('always hold the ProxyServer', () => {
    expect(hostOfServer('https://vo.cern.ch')).to.equal('vo.cern.ch:443');
    expect(hostOfServer('http://127.0.0.1:1093/')).to.equal('127.0.0.1:1093');
    expect(isAllowedHost('127.0.0.1', 1093, [hostOfServer('http://127.0.0.1:1093')])).to.equal(true);
  });
});
