/** Arithmetic of byte ranges: what may be asked for, and which ranges are worth one read. Pure. */
import type { ByteRange } from './byte-source.js';
import { BadRangeError, TruncatedReadError } from './errors.js';

/** More than this in one read is a sign of damaged data, not of a wish: ROOT's own baskets and records stay below 1 GiB. */
export const MAX_READ_BYTES = 2 ** 30;

/**
 * Refuses, before anything is allocated, a range that the file cannot have.
 * @throws {BadRangeError} negative, not whole, or above MAX_READ_BYTES; {TruncatedReadError} behind the file's end
 */
export function checkRange(
  file: { readonly url: string; readonly size: number },
  offset: number,
  length: number,
): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
    throw new BadRangeError(file.url, offset, length);
  if (offset + length > file.size)
    throw new TruncatedReadError(file.url, { offset, length }, Math.max(0, Math.min(length, file.size - offset)));
  if (length > MAX_READ_BYTES) throw new BadRangeError(file.url, offset, length);
}

/** One read and the wanted ranges inside it, as indexes into the list that was coalesced. */
export interface CoalescedRead extends ByteRange {
  readonly members: readonly number[];
}

/**
 * Joins ranges, in any order, into reads: neighbours at most `maxGap` bytes apart share one, up to `maxLength` bytes
 * (a longer single range stays one read). Overlaps and repetitions are allowed; reads come out by offset.
 */
export function coalesce(ranges: readonly ByteRange[], maxGap: number, maxLength: number): CoalescedRead[] {
  const order = ranges.map((_, index) => index).sort((a, b) => ranges[a]!.offset - ranges[b]!.offset || a - b);
  const reads: { offset: number; length: number; members: number[] }[] = [];
  for (const index of order) {
    const { offset, length } = ranges[index]!;
    const last = reads.at(-1);
    const end = offset + length;
    if (last !== undefined && offset - (last.offset + last.length) <= maxGap && end - last.offset <= maxLength) {
      last.length = Math.max(last.length, end - last.offset);
      last.members.push(index);
    } else reads.push({ offset, length, members: [index] });
  }
  return reads;
}

/** Cuts the bytes of a read into its members: `into[index]` becomes a view of `bytes`. */
export function scatter(read: CoalescedRead, bytes: Buffer, ranges: readonly ByteRange[], into: Buffer[]): void {
  for (const index of read.members) {
    const { offset, length } = ranges[index]!;
    into[index] = bytes.subarray(offset - read.offset, offset - read.offset + length);
  }
}
