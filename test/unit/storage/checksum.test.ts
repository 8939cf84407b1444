/** Checksums against published values. */
import { expect } from 'chai';
import { checksumOf } from '../../../storage/checksum.js';
import { crc32c } from '../../../storage/crc32c.js';
import { bytesSource } from '../../support/byte-sources.js';
import { patternBytes } from '../../support/pattern.js';

describe('storage: checksums', () => {
  it('of "123456789" are those of the standards', async () => {
    const source = bytesSource(Buffer.from('123456789'));
    expect(await checksumOf(source, 'crc32c')).to.equal('e3069283');
    expect(await checksumOf(source, 'adler32')).to.equal('091e01de');
    expect(await checksumOf(source, 'md5')).to.equal('25f9e794323b453885f5181f1b624d0b');
  });

  it('of nothing, and of 32 bytes of each kind in RFC 3720', async () => {
    expect(await checksumOf(bytesSource(Buffer.alloc(0)), 'adler32')).to.equal('00000001');
    expect(crc32c(Buffer.alloc(0))).to.equal(0);
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).to.equal(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).to.equal(0x46dd794e);
  });

  it('do not depend on where the bytes are cut', () => {
    const bytes = patternBytes(1000);
    for (const cut of [0, 1, 15, 16, 17, 500, 999, 1000])
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).to.equal(crc32c(bytes));
  });
});
