import { expect } from 'chai';
import { BadNameError } from '../../../catalog/errors.js';
import { checkName, MAX_NAME_BYTES } from '../../../catalog/names.js';

describe('catalog: names', () => {
  it('are taken with any character but control ones, in one canonical form', () => {
    for (const [name, canonical] of [
      ['/a/b.root', '/a/b.root'],
      ['/a//b/', '/a/b'],
      ['/', '/'],
      ["/x/'; DROP TABLE file; --", "/x/'; DROP TABLE file; --"],
      ['/x/100%_[a]*?.root', '/x/100%_[a]*?.root'],
      ['/x/µ±日本', '/x/µ±日本'],
    ] as const)
      expect(checkName(name)).to.equal(canonical);
  });

  it('are refused with a reason: relative, dots, control characters, no UTF-8, too long', () => {
    for (const [name, why] of [
      ['', '"" is no name for the catalog: it must begin'],
      ['a/b', 'begin'],
      ['/a/../b', '".."'],
      ['/a/./b', '"."'],
      ['/a\nb', 'control'],
      ['/a\u0000', 'control'],
      ['/a\ufffd', 'UTF-8'],
      ['/a\ud800b', 'UTF-8'],
      [`/${'x'.repeat(256)}`, '255'],
      [`/${'x/'.repeat(MAX_NAME_BYTES)}`, 'longer'],
    ] as const)
      expect(() => checkName(name), name.slice(0, 20)).to.throw(BadNameError, why);
  });
});
