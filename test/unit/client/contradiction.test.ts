import { expect } from 'chai';
import type { Inspected } from '../../../catalog/grid/inspect-file.js';
import { contradiction } from '../../../client/commands/catalog/contradiction.js';

const found = (facts: Partial<Inspected> = {}): Inspected => ({
  ...{ state: 'ok', size: 100, checksum: null, error: null, trees: [{ name: 'events', entries: 7 }] },
  ...facts,
});
const known = { size: 100, checksum: 'adler32:00000001', tree: 'events', entries: 7 };

describe('client: a file against what the catalog says of it', () => {
  it('agrees as far as anything is known of it', () => {
    expect(contradiction(known, found(), null)).to.equal(null);
    expect(contradiction(known, found({ checksum: 'adler32:00000001' }), 'events')).to.equal(null);
    expect(contradiction({ size: null, checksum: null, tree: null, entries: null }, found(), null)).to.equal(null);
    expect(contradiction(undefined, found(), null)).to.equal(null);
  });

  it('has another size, checksum or number of entries, or lacks the tree', () => {
    expect(contradiction(known, found({ size: 5 }), null)).to.equal('it has 5 bytes, and 100 in the catalog');
    expect(contradiction(known, found({ checksum: 'adler32:00000002' }), null)).to.equal(
      'its bytes give adler32:00000002, and adler32:00000001 stands in the catalog',
    );
    expect(contradiction({ ...known, entries: 8 }, found(), null)).to.equal('it has 7 entries, and 8 in the catalog');
    expect(contradiction(known, found(), 'runs')).to.equal('it has no tree runs');
  });

  it('says nothing about the entries of another tree than the catalog’s', () => {
    const two = found({ trees: [...found().trees, { name: 'runs', entries: 1 }] });
    expect(contradiction({ ...known, tree: 'runs', entries: 1 }, two, 'events')).to.equal(null);
  });
});
