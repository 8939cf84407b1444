import { expect } from 'chai';
import { hashOf, placeOf } from '../../../../proxy-server/web/page/views.js';

describe('proxy-server: places of the dashboard', () => {
  it('come back from their address, with whatever is looked at', () => {
    for (const detail of [null, 'voalice06-1-2:q1', 'a/b#c%d ü'])
      expect(placeOf(hashOf({ view: 'queries', detail }))).to.deep.equal({ view: 'queries', detail });
    expect(placeOf('#pool/CERN')).to.deep.equal({ view: 'pool', detail: 'CERN' });
    expect(placeOf(hashOf({ view: 'jobs', detail: null }))).to.deep.equal({ view: 'jobs', detail: null });
  });

  it('are found in what somebody typed', () => {
    expect(placeOf('#queries/100%')).to.deep.equal({ view: 'queries', detail: '100%' });
    expect(placeOf('#queries/')).to.deep.equal({ view: 'queries', detail: null });
  });

  it('are the pool where the address says none', () => {
    for (const hash of ['', '#', '#nothing', '#nothing/x', '#/pool'])
      expect(placeOf(hash)).to.deep.equal({ view: 'pool', detail: null });
  });
});
