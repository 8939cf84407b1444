import { expect } from 'chai';
import { decompressBlocks } from '../../../rootio/compression/blocks.js';
import { codecs } from '../../../rootio/compression/tier.js';
import { openCompressor } from '../../../rootio/write/block-compressor.js';
import { CounterRandom } from '../../../rootio/write/counter-random.js';

/** Bytes that shrink to about a third: one of four differs from 0. */
function sample(length: number): Buffer {
  const random = new CounterRandom(5);
  random.start(length);
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i % 4 === 3 ? Math.floor(16 * random.uniform()) : 0)));
}

describe('rootio/write: compressed blocks', () => {
  for (const compression of ['zlib', 'lz4', 'zstd', 'lzma'] as const)
    for (const tier of compression === 'lzma' ? (['auto'] as const) : (['auto', 'portable'] as const))
      it(`${compression}, libraries ${tier}: unpack to what was packed, one after the other`, async () => {
        const compressor = await openCompressor(compression, undefined, tier);
        for (const length of [1000, 64_000, 17_000_000, 300]) {
          const contents = length > 1e6 ? Buffer.alloc(length, 'a rather dull text ') : sample(length);
          const packed = compressor.compress(contents);
          expect(packed.length).to.be.lessThan(length);
          const unpacked = Buffer.alloc(length);
          decompressBlocks(await codecs(), packed, unpacked);
          expect(unpacked.equals(contents)).to.equal(true);
        }
      });

  it('leave alone what does not shrink, and nothing at all', async () => {
    const random = Buffer.from(Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >>> 5));
    for (const compression of ['zlib', 'lz4', 'zstd', 'lzma'] as const) {
      const compressor = await openCompressor(compression);
      for (const contents of [Buffer.alloc(0), Buffer.from('x'), Buffer.from('twelve bytes')])
        expect(compressor.compress(contents)).to.equal(contents);
    }
    expect((await openCompressor('none')).compress(random)).to.equal(random);
    expect((await openCompressor('zlib', 0)).settings).to.equal(0);
  });

  it('portable zstd: another file that begins meanwhile does not disturb the first', async () => {
    const first = await openCompressor('zstd', undefined, 'portable');
    const contents = sample(64_000);
    const expected = first.compress(contents).length;
    for (let i = 0; i < 3; i++) {
      const second = openCompressor('zstd', undefined, 'portable');
      const packed = Buffer.from(first.compress(contents));
      const unpacked = Buffer.alloc(contents.length);
      decompressBlocks(await codecs('auto'), packed, unpacked);
      expect([packed.length, unpacked.equals(contents)]).to.deep.equal([expected, true]);
      await second;
    }
  });

  it('LZMA without the system library is refused, with what to do', async () => {
    const error = await openCompressor('lzma', undefined, 'portable').catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ROOT_NO_COMPRESSOR' });
  });

  it('names method and level as ROOT does', async () => {
    const settings = async (...given: Parameters<typeof openCompressor>) => (await openCompressor(...given)).settings;
    expect(await settings('zlib')).to.equal(101);
    expect(await settings('zlib', 9)).to.equal(109);
    expect(await settings('lzma')).to.equal(204);
    expect(await settings('lz4')).to.equal(401);
    expect(await settings('zstd', 5)).to.equal(505);
  });
});
