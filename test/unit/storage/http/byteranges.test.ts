/** Range headers and multipart answers, whole and damaged. */
import { expect } from 'chai';
import {
  boundaryOf,
  contentRange,
  parseMultipart,
  pick,
  RangeFault,
  rangeHeader,
} from '../../../../storage/http/byteranges.js';

describe('storage: HTTP ranges', () => {
  it('are asked for with both ends', () => {
    expect(
      rangeHeader([
        { offset: 0, length: 10 },
        { offset: 20, length: 1 },
      ]),
    ).to.equal('bytes=0-9,20-20');
  });

  it('are understood in answers, and nothing else is', () => {
    expect(contentRange('bytes 5-9/100')).to.deep.equal({ first: 5, end: 10, total: 100 });
    expect(contentRange('bytes 5-9/*')).to.deep.equal({ first: 5, end: 10, total: undefined });
    expect(contentRange('bytes */100')).to.deep.equal({ first: 0, end: 0, total: 100 });
    for (const bad of ['bytes 9-5/100', 'bytes 5-9', 'items 1-2/3', '', undefined, 'bytes 1-99999999999999999/5'])
      expect(contentRange(bad)).to.equal(undefined);
  });

  const body = Buffer.from(
    'preamble\r\n--B x\r\nContent-range: bytes 10-12/50\r\n\r\nabc\r\n--B x\r\nX: y\r\nContent-Range: bytes 30-37/50\r\n\r\n--B x\r\n!\r\n--B x--\r\n',
  );

  it('come in parts that are as long as they say, whatever is in them', () => {
    expect(boundaryOf('multipart/byteranges; charset=x; boundary="B x"')).to.equal('B x');
    expect(boundaryOf('multipart/byteranges;boundary=123')).to.equal('123');
    expect(boundaryOf('text/html')).to.equal(undefined);
    const parts = parseMultipart(body, 'B x');
    expect(parts.map(({ offset, bytes }) => [offset, String(bytes)])).to.deep.equal([
      [10, 'abc'],
      [30, '--B x\r\n!'],
    ]);
    expect(String(pick(parts, { offset: 11, length: 2 }))).to.equal('bc');
    expect(() => pick(parts, { offset: 11, length: 3 })).to.throw(RangeFault);
  });

  it('that are cut anywhere are refused', () => {
    for (let cut = 0; cut < body.length - 4; cut++)
      expect(() => parseMultipart(body.subarray(0, cut), 'B x'), `cut after ${cut}`).to.throw(RangeFault);
  });
});
