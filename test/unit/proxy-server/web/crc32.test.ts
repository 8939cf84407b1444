import { crc32 as reference } from 'node:zlib';
import { expect } from 'chai';
import { crc32 } from '../../../../proxy-server/web/page/crc32.js';

describe('proxy-server: CRC-32 in browsers', () => {
  it('is that of node:zlib, from any beginning, of texts too', () => {
    for (const data of ['', '123456789', 'voalice06-1-2:q1 ü€', Uint8Array.from({ length: 1000 }, (_, i) => i * 7)])
      for (const before of [0, 1, 0xcbf43926, 0xffffffff])
        expect(crc32(data, before)).to.equal(reference(data, before));
  });
});
