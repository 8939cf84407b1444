/** Which sites are near a data set. */
import { expect } from 'chai';
import type { DatasetFile } from '../../../../catalog/grid/resolve-dataset.js';
import { dataPlaces } from '../../../../proxy-server/factory/data-places.js';

const file = (size: number | null, ...replicas: [url: string, se: string | null][]): DatasetFile => ({
  ...{ lfn: '/f', urls: replicas.map(([url]) => url), size, entries: null, tree: null },
  ...{ selected: null, friends: [] },
  replicas: replicas.map(([url, se]) => ({ url, se, site: null })),
});
const site = (name: string, closeSEs: string[] = [], storageDomain: string | null = null) => ({
  ...{ site: name, storageDomain, closeSEs },
});

describe('proxy-server: the places of a data set', () => {
  it('are the sites whose storage holds a replica, the one with most bytes first, each file once a site', () => {
    const files = [
      file(10, ['root://a/x', 'V::A::SE'], ['root://b/x', 'V::B::SE']),
      file(10, ['root://a/y', 'V::A::SE'], ['root://a2/y', 'V::A::TAPE']),
      file(null, ['root://c.example.org/z', null]),
    ];
    const sites = [site('C', [], 'example.org'), site('B', ['V::B::SE']), site('A'), site('D')];
    expect(dataPlaces(files, sites)).to.deep.equal([
      { site: 'A', files: 2, bytes: 20 },
      { site: 'B', files: 1, bytes: 10 },
      { site: 'C', files: 1, bytes: 0 },
      { site: 'D', files: 0, bytes: 0 },
    ]);
  });

  it('are not told by file: URLs, which are everywhere and nowhere', () => {
    expect(dataPlaces([file(1, ['file:///data/x', null])], [site('A')])[0]).to.deep.include({ files: 0 });
  });
});
