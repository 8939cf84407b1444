import { expect } from 'chai';
import { hashOf, placeOf } from '../../../../proxy-server/web/page/views.js';

describe('proxy-server: places of the dashboard', () => {
  it('come back from their address, with any query in it', () => {
    for (const query of [null, 'voalice06-1-2:q1', 'a/b#c%d ü'])
      expect(placeOf(hashOf({ view: 'queries', query }))).to.deep.equal({ view: 'queries', query });
    expect(placeOf(hashOf({ view: 'jobs', query: null }))).to.deep.equal({ view: 'jobs', query: null });
  });

  it('are found in what somebody typed', () => {
    expect(placeOf('#queries/100%')).to.deep.equal({ view: 'queries', query: '100%' });
    expect(placeOf('#queries/')).to.deep.equal({ view: 'queries', query: null });
  });

  it('are the pool where the address says none', () => {
    for (const hash of ['', '#', '#nothing', '#pool/x', '#/pool'])
      expect(placeOf(hash)).to.deep.equal({ view: 'pool', query: null });
  });
});
