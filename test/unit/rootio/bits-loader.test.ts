/** TObject's status bits as a branch of their own: objects that a TRef points to take two bytes more. */
import { expect } from 'chai';
import { CorruptFileError } from '../../../rootio/errors.js';
import { BitsLoader } from '../../../rootio/tree/bits-loader.js';

const place = { url: 'memory:', offset: 0, length: 0, what: 'a basket' };
const REFERENCED = 0x03000010;
const PLAIN = 0x03000000;

function basketOf(entries: readonly (readonly number[])[]) {
  const parts = entries.map((bits) =>
    Buffer.concat(
      bits.map((word) => {
        const bytes = Buffer.alloc(word === REFERENCED ? 6 : 4, 0xff);
        bytes.writeUInt32BE(word);
        return bytes;
      }),
    ),
  );
  const offsets = Int32Array.from([0, ...parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length)]);
  const bytes = Buffer.concat(parts);
  return { bytes, border: bytes.length, offsets, count: entries.length, keylen: 0 };
}

describe('rootio: status bits of split objects', () => {
  const entries = [[PLAIN, REFERENCED, PLAIN], [], [REFERENCED], [PLAIN]];

  it('are one number an object, referenced or not, for any part of a basket', () => {
    for (const [from, to] of [
      [0, 4],
      [1, 3],
      [2, 4],
    ] as const) {
      const loader = new BitsLoader(true);
      loader.begin();
      loader.add(basketOf(entries), { from, to }, place);
      const wanted = entries.slice(from, to);
      const data = loader.finish();
      const ends = [0, ...wanted.map((_, i) => wanted.slice(0, i + 1).flat().length)];
      expect(data.kind === 'list' && Array.from(data.offsets, Number)).to.deep.equal(ends);
      expect(Array.from(data.values as Uint32Array)).to.deep.equal(wanted.flat());
    }
  });

  it('of single objects need no entry offsets where none is referenced', () => {
    const loader = new BitsLoader(false);
    loader.begin();
    loader.add({ ...basketOf([[PLAIN], [PLAIN], [PLAIN]]), offsets: undefined }, { from: 1, to: 3 }, place);
    expect(loader.finish()).to.deep.equal({ kind: 'flat', values: Uint32Array.of(PLAIN, PLAIN), length: 1 });
  });

  it('that end between two objects are damage', () => {
    const loader = new BitsLoader(true);
    loader.begin();
    const basket = basketOf([[PLAIN, PLAIN]]);
    basket.offsets[1] = 7;
    expect(() => loader.add(basket, { from: 0, to: 1 }, place)).to.throw(CorruptFileError, /entry 0/);
  });
});
