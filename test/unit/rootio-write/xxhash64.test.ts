import { expect } from 'chai';
import { xxhash64 } from '../../../rootio/write/xxhash64.js';

describe('rootio/write: xxHash64', () => {
  const hex = (text: string) => xxhash64(Buffer.from(text)).toString('hex');

  it('agrees with the published values of known texts', () => {
    expect(hex('')).to.equal('ef46db3751d8e999');
    expect(hex('a')).to.equal('d24ec4f1a98c6e5b');
    expect(hex('abc')).to.equal('44bc2cf5ad770999');
    expect(hex('Nobody inspects the spammish repetition')).to.equal('fbcea83c8a378bf1');
  });
});
