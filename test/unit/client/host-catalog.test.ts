/** Where a command looks for the catalog of its host. */
import { expect } from 'chai';
import { catalogAt } from '../../../client/host-catalog.js';

const far = { name: 'voalice06', url: 'https://voalice06.cern.ch:1093' };

describe('client: the catalog of a host', () => {
  it('is below the address that the host was asked at, whatever it calls itself', () => {
    const info = { catalog: 'https://inside.example:1093/catalog', catalogPath: '/catalog' };
    expect(catalogAt(far, info)).to.deep.equal({ url: `${far.url}/catalog`, isBesideServer: true });
    const tunnel = { name: 'tunnel', url: 'https://localhost:9000' };
    expect(catalogAt(tunnel, info).url).to.equal('https://localhost:9000/catalog');
  });

  it('is where the host says, if it is elsewhere', () => {
    const info = { catalog: 'https://catalog.cern.ch:1095', catalogPath: null };
    expect(catalogAt(far, info)).to.deep.equal({ url: 'https://catalog.cern.ch:1095' });
    const rucio = { catalog: 'rucio+https://rucio.cern.ch', catalogPath: null };
    expect(catalogAt(far, rucio).url).to.equal(rucio.catalog);
  });

  it('is never a port of this computer that another one names: a token would go to whoever listens there', () => {
    for (const catalog of ['http://127.0.0.1:35439', 'http://localhost:1095', 'http://[::1]:1095'])
      expect(() => catalogAt(far, { catalog, catalogPath: null })).to.throw(
        /voalice06 says that its catalog is at .* it alone can reach/,
      );
    const here = { name: 'here', url: 'http://127.0.0.1:1093' };
    expect(catalogAt(here, { catalog: 'http://127.0.0.1:35439', catalogPath: null }).url).to.equal(
      'http://127.0.0.1:35439',
    );
  });

  it('may be none', () => {
    expect(() => catalogAt(far, { catalog: null, catalogPath: null })).to.throw(/voalice06 has no catalog/);
  });
});
