/** Where a file lies that another file names. */
import { expect } from 'chai';
import { siblingUrl } from '../../../storage/sibling.js';

describe('storage: siblings', () => {
  const cases: readonly (readonly [url: string, name: string, found: string | undefined])[] = [
    ['/data/run1/a.root', 'f.root', '/data/run1/f.root'],
    ['/data/run1/a.root', '../run2/f.root', '/data/run2/f.root'],
    ['file:///data/a.root', '/friends/f.root', '/friends/f.root'],
    ['/data/a.root', 'root://host//f.root', undefined],
    ['root://host:1094//data/a.root', 'f.root', 'root://host:1094//data/f.root'],
    ['root://host//data/a.root?authz=t', 'sub/f.root', 'root://host//data/sub/f.root?authz=t'],
    ['root://host//data/a.root', '/else/f.root', 'root://host//else/f.root'],
    ['root://host//data/a.root', 'root://host//else/f.root', 'root://host//else/f.root'],
    ['root://host//data/a.root', 'root://host.example//f.root', undefined],
    ['root://host//data/a.root', 'file:/etc/passwd', undefined],
    ['https://host/data/a.root?sig=1', 'f.root', 'https://host/data/f.root?sig=1'],
    ['https://host/a.root', 'http://host/f.root', undefined],
    ['https://host/a.root', '../../f.root', 'https://host/f.root'],
  ];
  for (const [url, name, found] of cases)
    it(`${name} beside ${url}: ${found ?? 'not followed'}`, () => {
      expect(siblingUrl(url, name)).to.equal(found);
    });
});
