/**
 * How wanted ranges become XRootD requests, and how their answers are cut up again. Pure.
 * A vector read's answer repeats, before the bytes of each element, its handle, length and offset; a page read's answer has
 * a CRC-32C before each page, the first page ending at the file's next multiple of 4096 (protocol sections 4.19 and 4.22).
 */

import { type CoalescedRead, coalesce } from '../byte-ranges.js';
import type { ByteRange } from '../byte-source.js';
import { crc32c } from '../crc32c.js';
import { FrameFault } from './frame-bodies.js';
import { PAGE_BYTES, READV_ELEMENT_HEADER, READV_MAX_ELEMENT_BYTES, READV_MAX_ELEMENTS } from './wire.js';

/** Reading through a gap of so many bytes costs less than an element of its own. */
const MAX_GAP_BYTES = 512;
/** One vector read; several are in flight together. */
const MAX_VECTOR_BYTES = 8 * 2 ** 20;

export type PlannedRequest =
  | { readonly kind: 'read'; readonly read: CoalescedRead }
  | { readonly kind: 'vector'; readonly reads: readonly CoalescedRead[] };

/** Large reads are asked for alone, all others together in as few vectors as the protocol's limits allow. */
export function planReads(ranges: readonly ByteRange[]): PlannedRequest[] {
  const requests: PlannedRequest[] = [];
  let vector: CoalescedRead[] = [];
  let bytes = 0;
  const flush = (): void => {
    const [only] = vector;
    if (only === undefined) return;
    requests.push(vector.length === 1 ? { kind: 'read', read: only } : { kind: 'vector', reads: vector });
    vector = [];
    bytes = 0;
  };
  for (const read of coalesce(ranges, MAX_GAP_BYTES, READV_MAX_ELEMENT_BYTES)) {
    if (read.length === 0 || read.length > READV_MAX_ELEMENT_BYTES) {
      requests.push({ kind: 'read', read });
      continue;
    }
    if (vector.length === READV_MAX_ELEMENTS || bytes + read.length > MAX_VECTOR_BYTES) flush();
    vector.push(read);
    bytes += read.length;
  }
  flush();
  return requests;
}

export const vectorBytes = (reads: readonly ByteRange[]): number =>
  reads.reduce((sum, { length }) => sum + length + READV_ELEMENT_HEADER, 0);

/** The elements' bytes, as views of the answer, in the order asked. @throws {FrameFault} */
export function cutVector(body: Buffer, reads: readonly ByteRange[]): Buffer[] {
  let at = 0;
  const parts = reads.map(({ offset, length }) => {
    if (body.length < at + READV_ELEMENT_HEADER + length) throw new FrameFault('a vector read that is cut short');
    if (body.readInt32BE(at + 4) !== length || body.readBigInt64BE(at + 8) !== BigInt(offset))
      throw new FrameFault('a vector read with other elements than were asked for');
    at += READV_ELEMENT_HEADER + length;
    return body.subarray(at - length, at);
  });
  if (at !== body.length) throw new FrameFault('a vector read with bytes behind its last element');
  return parts;
}

/** Bytes on the wire for a page read: four more for each page that the range touches. */
export function pagedBytes({ offset, length }: ByteRange): number {
  if (length === 0) return 0;
  const pages = Math.floor((offset + length - 1) / PAGE_BYTES) - Math.floor(offset / PAGE_BYTES) + 1;
  return length + 4 * pages;
}

/**
 * Checks each page and moves the pages together, in place.
 * @returns the bytes without checksums; or the file offset of the first damaged page
 */
export function joinPages(body: Buffer, offset: number): { bytes: Buffer } | { damagedAt: number } {
  let from = 0;
  let to = 0;
  while (from < body.length) {
    const place = offset + to;
    const length = Math.min(PAGE_BYTES - (place % PAGE_BYTES), body.length - from - 4);
    if (length <= 0) throw new FrameFault('a page read that ends inside a checksum');
    const page = body.subarray(from + 4, from + 4 + length);
    if (crc32c(page) !== body.readUInt32BE(from)) return { damagedAt: place };
    page.copy(body, to);
    from += 4 + length;
    to += length;
  }
  return { bytes: body.subarray(0, to) };
}
