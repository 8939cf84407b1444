/** Every algorithm in both tiers; blocks in several parts; checksums; what does not fit. */
import { deflateRawSync, deflateSync } from 'node:zlib';
import { expect } from 'chai';
import { claimedSize, decompressBlocks } from '../../../rootio/compression/blocks.js';
import type { Codecs } from '../../../rootio/compression/codec.js';
import { chooseCodecs } from '../../../rootio/compression/tier.js';
import { openRootFile } from '../../../rootio/root-file.js';
import { fileSource } from '../../support/byte-sources.js';
import { sharedPath } from '../../support/shared.js';
import { skipBecause } from '../../support/summary-reporter.js';

function block(algorithm: string, packed: Buffer, size: number): Buffer {
  const header = Buffer.alloc(9);
  header.write(algorithm, 'latin1');
  header[2] = 8;
  header.writeUIntLE(packed.length, 3, 3);
  header.writeUIntLE(size, 6, 3);
  return Buffer.concat([header, packed]);
}

const text = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * i) % 97));

for (const tier of ['system', 'portable'] as const)
  describe(`rootio: decompression, ${tier}`, () => {
    let codecs: Codecs;
    before(async () => {
      codecs = await chooseCodecs(tier);
    });

    it('reads zlib, lzma, lz4 and zstd files to the same values', async function () {
      const sums: number[] = [];
      for (const kind of ['zlib', 'lzma', 'lz4', 'zstd'] as const) {
        if (codecs[kind].library === 'none') skipBecause(this, `no system library for ${kind}`);
        const path = sharedPath(`testdata/root/uproot-HZZ-${kind}.root`);
        if (path === undefined) return skipBecause(this, 'no shared data: testdata/root/uproot-HZZ-*.root');
        const file = await openRootFile(fileSource(path), { codecs });
        const table = await file.table();
        const reader = table.reader(['Jet_Px']);
        await reader.load(0, table.entries);
        sums.push((reader.column('Jet_Px').values as Float32Array).reduce((sum, value) => sum + value, 0));
        await file.close();
      }
      expect(new Set(sums).size).to.equal(1);
    });

    it('joins blocks, each of its own algorithm, the old deflate among them', () => {
      const whole = text(5000);
      const [a, b, c] = [whole.subarray(0, 1000), whole.subarray(1000, 1500), whole.subarray(1500)];
      const parts = [
        block('ZL', deflateSync(a), 1000),
        block('CS', deflateRawSync(b), 500),
        block('ZL', deflateSync(c), 3500),
      ];
      const out = Buffer.alloc(5000);
      decompressBlocks(codecs, Buffer.concat(parts), out);
      expect(out.equals(whole)).to.equal(true);
      expect(claimedSize(Buffer.concat(parts))).to.equal(5000);
    });

    it('joins blocks of more than 16 MB in all', () => {
      const part = Buffer.alloc(0xffffff, 7);
      const packed = block('ZL', deflateSync(part, { level: 1 }), part.length);
      const out = Buffer.alloc(2 * part.length);
      decompressBlocks(codecs, Buffer.concat([packed, packed]), out);
      expect(out.every((byte) => byte === 7)).to.equal(true);
    });

    it('refuses blocks that are cut, too long, too short, of no known kind or with a wrong checksum', () => {
      const packed = deflateSync(text(1000));
      const good = block('ZL', packed, 1000);
      const refuse = (input: Buffer, why: RegExp, size = 1000): void => {
        expect(() => decompressBlocks(codecs, input, Buffer.alloc(size))).to.throw(Error, why);
      };
      refuse(good.subarray(0, 50), /reaches over the record's end/);
      refuse(good, /are left/, 900);
      refuse(good, /end after 1000 of 1100/, 1100);
      refuse(block('ZL', packed, 990), /./, 990);
      refuse(block('??', packed, 1000), /no known compression/);
      refuse(block('L4', Buffer.concat([Buffer.alloc(8), packed]), 1000), /checksum of an lz4 block is wrong/);
      for (const algorithm of ['ZL', 'XZ', 'ZS', 'CS']) refuse(block(algorithm, Buffer.alloc(40, 0x5a), 1000), /./);
      const spoilt = Buffer.from(good);
      spoilt[good.length - 1]! ^= 1;
      refuse(spoilt, /./); // zlib's own checksum
    });
  });

describe('rootio: the two tiers', () => {
  it('have the same hashes', async () => {
    const [system, portable] = [await chooseCodecs('system'), await chooseCodecs('portable')];
    for (const length of [0, 1, 3, 4, 8, 9, 16, 17, 31, 32, 64, 65, 128, 129, 240, 241, 1024, 1025, 70_000]) {
      const bytes = text(length);
      expect(portable.xxh3(bytes), `XXH3 of ${length}`).to.equal(system.xxh3(bytes));
      expect(portable.xxh64(bytes), `XXH64 of ${length}`).to.equal(system.xxh64(bytes));
    }
    // Of the empty input, as the specification's implementation gives them.
    expect(portable.xxh3(Buffer.alloc(0))).to.equal(0x2d06800538d394c2n);
    expect(portable.xxh64(Buffer.alloc(0))).to.equal(0xef46db3751d8e999n);
  });
});
