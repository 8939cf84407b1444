/** How ranges become requests, and their answers ranges. */
import { expect } from 'chai';
import { crc32c } from '../../../../storage/crc32c.js';
import { FrameFault } from '../../../../storage/xrootd/frame-bodies.js';
import { cutVector, joinPages, pagedBytes, planReads, vectorBytes } from '../../../../storage/xrootd/read-plan.js';
import { patternBytes } from '../../../support/pattern.js';

describe('storage: XRootD read plans', () => {
  it('ask for the baskets of a cluster in one vector', () => {
    const baskets = Array.from({ length: 50 }, (_, i) => ({ offset: 100_000 * i, length: 30_000 }));
    const [only, ...others] = planReads(baskets);
    expect(others).to.deep.equal([]);
    expect(only?.kind === 'vector' && only.reads.length).to.equal(50);
  });

  it('keep within 1024 elements and two megabytes an element', () => {
    const many = Array.from({ length: 2500 }, (_, i) => ({ offset: 5000 * i, length: 10 }));
    const large = { offset: 10 ** 9, length: 3_000_000 };
    const plan = planReads([...many, large]);
    expect(plan.map((request) => (request.kind === 'vector' ? request.reads.length : request.read))).to.deep.equal([
      1024,
      1024,
      { ...large, members: [2500] },
      452,
    ]);
  });

  it('take an answer apart, and refuse one with other elements', () => {
    const reads = [
      { offset: 7, length: 3 },
      { offset: 100, length: 2 },
    ];
    const element = (offset: number, text: string): Buffer => {
      const head = Buffer.alloc(16);
      head.writeInt32BE(text.length, 4);
      head.writeBigInt64BE(BigInt(offset), 8);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const body = Buffer.concat([element(7, 'abc'), element(100, 'de')]);
    expect(vectorBytes(reads)).to.equal(body.length);
    expect(cutVector(body, reads).map(String)).to.deep.equal(['abc', 'de']);
    for (let cut = 0; cut < body.length; cut++)
      expect(() => cutVector(body.subarray(0, cut), reads)).to.throw(FrameFault);
    expect(() => cutVector(Buffer.concat([element(8, 'abc'), element(100, 'de')]), reads)).to.throw(FrameFault);
    expect(() => cutVector(Buffer.concat([body, Buffer.alloc(1)]), reads)).to.throw(FrameFault);
  });

  it('check and join pages from any offset', () => {
    const bytes = patternBytes(20_000);
    for (const [offset, length] of [
      [0, 4096],
      [0, 4097],
      [4095, 2],
      [5000, 10_000],
      [8192, 1],
      [3, 0],
    ] as const) {
      const parts: Buffer[] = [];
      for (let at: number = offset; at < offset + length; ) {
        const end = Math.min(offset + length, (Math.floor(at / 4096) + 1) * 4096);
        const check = Buffer.alloc(4);
        check.writeUInt32BE(crc32c(bytes.subarray(at, end)));
        parts.push(check, bytes.subarray(at, end));
        at = end;
      }
      const body = Buffer.concat(parts);
      expect(body.length).to.equal(pagedBytes({ offset, length }));
      expect(joinPages(Buffer.from(body), offset)).to.deep.equal({ bytes: bytes.subarray(offset, offset + length) });
      if (length === 0) continue;
      body[body.length - 1]! ^= 1;
      expect(joinPages(body, offset)).to.have.property('damagedAt');
    }
  });
});
