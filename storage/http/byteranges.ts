/** Range headers and the answers to them: RFC 9110 sections 14.2 to 14.6. Pure. */
import type { ByteRange } from '../byte-source.js';

export interface RangePart {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Why an answer cannot be used. */
export class RangeFault extends Error {}

/** `bytes=0-9,20-29`: both ends always, since XrdHttp understands no other form. */
export const rangeHeader = (ranges: readonly ByteRange[]): string =>
  `bytes=${ranges.map(({ offset, length }) => `${offset}-${offset + length - 1}`).join(',')}`;

/** `bytes 0-9/1000`, `bytes 0-9/*`, and of a range that is not there: `bytes * /1000` (without the space). */
export function contentRange(text: unknown): { first: number; end: number; total: number | undefined } | undefined {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/.exec(typeof text === 'string' ? text.trim() : '');
  if (match === null) return undefined;
  const first = Number(match[1] ?? 0);
  const end = match[2] === undefined ? 0 : Number(match[2]) + 1;
  if (end < first) return undefined;
  return { first, end, total: match[3] === '*' ? undefined : Number(match[3]) };
}

/** The boundary of a `multipart/byteranges` answer, undefined for other types. */
export function boundaryOf(contentType: unknown): string | undefined {
  const match = /^multipart\/byteranges\s*;.*?boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(String(contentType));
  return match?.[1] ?? match?.[2];
}

const MAX_PART_HEADER = 4096;

/** Room for the headers around a part. */
export const PART_OVERHEAD = 1024;

/**
 * The parts of a multipart body. Each is as long as its Content-Range says, so bytes that look like a boundary do no harm.
 * @throws {RangeFault}
 */
export function parseMultipart(body: Buffer, boundary: string): RangePart[] {
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  const parts: RangePart[] = [];
  let at = body.indexOf(mark);
  while (at >= 0) {
    at += mark.length;
    if (body.toString('latin1', at, at + 2) === '--') return parts;
    const headerEnd = body.indexOf('\r\n\r\n', at);
    if (headerEnd < 0 || headerEnd - at > MAX_PART_HEADER) throw new RangeFault('a part without an end to its header');
    const header = body.toString('latin1', at, headerEnd);
    const range = contentRange(/\r\ncontent-range:([^\r\n]*)/i.exec(header)?.[1]);
    if (range === undefined) throw new RangeFault('a part that does not say its range');
    const start = headerEnd + 4;
    const end = start + range.end - range.first;
    if (end > body.length) throw new RangeFault('a part that is cut short');
    parts.push({ offset: range.first, bytes: body.subarray(start, end) });
    at = body.indexOf(mark, end);
    if (at > end + 4) throw new RangeFault('a part that is longer than its range');
  }
  throw new RangeFault('no end to its parts');
}

/** The bytes of a wanted range, from whichever part holds them. @throws {RangeFault} */
export function pick(parts: readonly RangePart[], { offset, length }: ByteRange): Buffer {
  const part = parts.find((p) => p.offset <= offset && offset + length <= p.offset + p.bytes.length);
  if (part === undefined) throw new RangeFault(`bytes [${offset}, ${offset + length}) are missing`);
  return part.bytes.subarray(offset - part.offset, offset - part.offset + length);
}
