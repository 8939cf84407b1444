/** Ids are names of files and words of paths, too. */
import { expect } from 'chai';
import { idText } from '../../../protocol/ids.js';

describe('protocol: ids', () => {
  it('are single words that lead nowhere in a path', () => {
    for (const id of ['voalice06-1700000000000-123', 'q1', '3.1.validation', 'host.cern.ch:1', 'p_1'])
      expect(idText.safeParse(id).success, id).to.equal(true);
    for (const id of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      '/a',
      'a..b',
      'a/../b',
      '.hidden',
      'a\\b',
      'a b',
      'a\nb',
      'a\0',
      'x'.repeat(129),
    ])
      expect(idText.safeParse(id).success, JSON.stringify(id)).to.equal(false);
  });
});
