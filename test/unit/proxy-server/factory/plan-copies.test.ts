/** Which small files are copied to a site, and from where. */
import { expect } from 'chai';
import type { DatasetFile } from '../../../../catalog/grid/resolve-dataset.js';
import { planCopies, sourcesOf } from '../../../../proxy-server/factory/plan-copies.js';

const site = { site: 'A', storageDomain: null, closeSEs: ['V::A::DISK'] };
const bounds = { maxFileBytes: 100, maxTotalBytes: 250 };
const file = (
  lfn: string | null,
  size: number | null,
  se = 'V::B::DISK',
  url = `root://b.test/${lfn}`,
): DatasetFile => ({
  ...{ lfn, urls: [url], replicas: [{ url, se, site: null }], size, entries: null, tree: null },
  ...{ selected: null, friends: [] },
});

describe('proxy-server: copies of small files', () => {
  it('are made in order, of files that are far and small, as long as there is room, and once of each', () => {
    const files = [
      ...[file('/a', 100), file('/a', 100), file('/near', 10, 'V::A::DISK'), file('/large', 101), file('/odd', null)],
      ...[file(null, 10), { ...file('/gone', 10), replicas: [] }, file('/b', 100), file('/c', 60), file('/d', 50)],
    ];
    const plan = planCopies(files, site, bounds, new Map());
    expect(plan.copies.map(({ lfn }) => lfn)).to.deep.equal(['/a', '/b', '/d']);
    expect(plan.leftOut).to.equal(
      'not copied: 1 larger than maxFileBytes (100), 1 beyond maxTotalBytes (250), 1 of unknown size',
    );
  });

  it('count with what was copied before, the same file once', () => {
    const counted = new Map([
      ['/x', 150],
      ['/a', 100],
    ]);
    const plan = planCopies([file('/a', 100), file('/b', 1)], site, bounds, counted);
    expect(plan.copies).to.deep.equal([{ lfn: '/a', bytes: 100 }]);
    expect(planCopies([file('/near', 1, 'V::A::DISK')], site, bounds, counted)).to.deep.equal({
      copies: [],
      leftOut: null,
    });
  });

  it('come from where a storage element says that its files are, never from another URL of a user', () => {
    const elements = [
      { name: 'V::B::DISK', prefix: 'root://b.test//data', status: 'up' },
      { name: 'V::C::DISK', prefix: null, status: 'up' },
      { name: 'V::D::DISK', prefix: 'file:///d', status: 'down' },
    ];
    const from = (url: string, se: string | null) =>
      sourcesOf([{ url, se, site: null }], elements).map((one) => one.url);
    expect(from('root://b.test//data/x', 'v::b::disk')).to.deep.equal(['root://b.test//data/x']);
    expect(from('root://b.test//data2/x', 'V::B::DISK')).to.deep.equal([]);
    expect(from('root://b.test//data/../x', 'V::B::DISK')).to.deep.equal([]);
    expect(from('root://b.test//data/%2e%2e/x', 'V::B::DISK')).to.deep.equal([]);
    expect(from('root://b.test//data/x?authz=1', 'V::B::DISK')).to.deep.equal([]);
    expect(from('file:///etc/shadow', null)).to.deep.equal([]);
    expect(from('file:///c/x', 'V::C::DISK')).to.deep.equal([]);
    expect(from('file:///d/x', 'V::D::DISK')).to.deep.equal([]);
  });
});
