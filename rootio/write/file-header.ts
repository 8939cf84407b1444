/**
 * The first 100 bytes of a ROOT file, and the record of its free space. Positions past 2 GB make it the big form.
 *
 * Source: ROOT, io/doc/TFile/header.md, io/io/src/TFile.cxx (WriteHeader), TFree.cxx.
 */
import type { RecordBuffer } from './record-buffer.js';
import { BIG_FILE_START } from './record-key.js';

/** Where the first record begins. */
export const FILE_BEGIN = 100;
/** The release whose formats we write. */
const ROOT_VERSION = 62600;
const BIG_FILE = 1_000_000;

export interface FileHeader {
  readonly end: number;
  readonly seekFree: number;
  readonly freeBytes: number;
  readonly nameBytes: number;
  readonly compression: number;
  readonly seekInfo: number;
  readonly infoBytes: number;
  readonly uuid: Uint8Array;
}

export function writeFileHeader(buffer: RecordBuffer, header: FileHeader): void {
  const big = header.end > BIG_FILE_START;
  const seek = (position: number) => (big ? buffer.i64(position) : buffer.i32(position));
  buffer
    .raw(Buffer.from('root', 'latin1'))
    .i32(ROOT_VERSION + (big ? BIG_FILE : 0))
    .i32(FILE_BEGIN);
  seek(header.end);
  seek(header.seekFree);
  buffer
    .i32(header.freeBytes)
    .i32(1)
    .i32(header.nameBytes)
    .u8(big ? 8 : 4)
    .i32(header.compression);
  seek(header.seekInfo);
  buffer.i32(header.infoBytes).i16(1).raw(header.uuid);
  buffer.zeros(FILE_BEGIN - buffer.length);
}

/** Bytes of the free segment below. */
export const FREE_SEGMENT_BYTES = { small: 10, big: 18 };

/** One free segment: from the file's end to where ROOT would let it grow. */
export function writeFreeSegment(buffer: RecordBuffer, end: number): void {
  const big = end > BIG_FILE_START;
  if (big)
    buffer
      .i16(1001)
      .i64(end)
      .i64(end + 1_000_000_000);
  else buffer.i16(1).i32(end).i32(BIG_FILE_START);
}
