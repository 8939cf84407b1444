import { expect } from 'chai';
import { pathOf } from '../../../catalog/operations/paths.js';
import { parsePattern, wildcard } from '../../../catalog/search/pattern.js';
import { matching } from '../../../catalog/search/walk.js';
import { MemoryCatalog, OWNER } from '../../support/catalog-stores.js';

describe('catalog: patterns', () => {
  it('match within one level, in linear time, with \\ for the characters themselves', () => {
    for (const [pattern, text, expected] of [
      ['*.root', 'a.root', true],
      ['*.root', 'a.root2', false],
      ['a?c', 'abc', true],
      ['a?c', 'ac', false],
      ['?', '😀', true],
      ['a\\*', 'a*', true],
      ['a\\*', 'ab', false],
      ['*a*b*', 'xxaxxbxx', true],
      ['', '', true],
      ['any', 'any', true],
      ['many', 'many', true],
    ] as const)
      expect(wildcard(pattern)(text), `${pattern} ${text}`).to.equal(expected);
    expect(wildcard('*a'.repeat(50))('a'.repeat(5000).concat('b'))).to.equal(false);
  });

  it('find names in the bytewise order of whole paths, whatever stands between directories and files', () => {
    const { stores } = new MemoryCatalog().files(
      '/d/a/x',
      '/d/a!',
      '/d/a0',
      '/d/a-b/x',
      '/d/é/x',
      '/d/😀',
      '/d/\uff5e',
    );
    const find = (pattern: string): string[] =>
      [...matching({ stores, caller: OWNER }, parsePattern(pattern))].map(pathOf);
    expect(find('/d/*/x')).to.deep.equal(['/d/a-b/x', '/d/a/x', '/d/é/x']);
    const all = find('/d/*').map((path) => path.slice(3));
    expect(all).to.deep.equal(['a!', 'a-b', 'a', 'a0', 'é', '\uff5e', '😀']);
    expect(find('/d/a*')).to.deep.equal(['/d/a!', '/d/a-b', '/d/a', '/d/a0']);
    expect(find('/d/a')).to.deep.equal(['/d/a']);
  });
});
