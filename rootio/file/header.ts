/**
 * The first bytes of a ROOT file: version, where its streamer infos are and where its top directory is.
 * Source: ROOT, io/io/src/TFile.cxx ("The structure of a ROOT file") and TDirectoryFile.cxx.
 */
import { CorruptFileError, NotRootFileError, type Place } from '../errors.js';
import { Cursor } from './cursor.js';

export interface FileHeader {
  /** As 62206 of ROOT 6.22/06; one million is taken off where it marked 64-bit positions. */
  readonly version: number;
  readonly begin: number;
  readonly end: number;
  readonly nbytesName: number;
  readonly compression: number;
  readonly seekInfo: number;
  readonly nbytesInfo: number;
}

export interface DirectoryRecord {
  readonly seekKeys: number;
  readonly nbytesKeys: number;
}

/** Enough for either form of the header. */
export const HEADER_BYTES = 100;

/** @throws {NotRootFileError} {CorruptFileError} */
export function parseHeader(bytes: Buffer, url: string): FileHeader {
  const magic = bytes.subarray(0, 4).toString('latin1');
  if (magic !== 'root') throw new NotRootFileError(url, bytes.length === 0 ? 'nothing' : JSON.stringify(magic));
  const c = new Cursor(bytes, { url, offset: 0, length: bytes.length, what: 'the file header' });
  c.skip(4);
  const version = c.u32();
  const big = version >= 1_000_000;
  const position = (): number => (big ? c.u64() : c.u32());
  const begin = c.u32();
  const end = position();
  position(); // fSeekFree
  c.skip(8); // fNbytesFree, nfree
  const nbytesName = c.u32();
  c.skip(1); // fUnits
  const compression = c.u32();
  const seekInfo = position();
  const nbytesInfo = c.u32();
  return { version: version % 1_000_000, begin, end, nbytesName, compression, seekInfo, nbytesInfo };
}

/** The record of a directory, behind its key and (for the file itself) name and title. */
export function parseDirectory(c: Cursor): DirectoryRecord {
  const version = c.u16();
  c.skip(8); // two TDatime
  const nbytesKeys = c.u32();
  c.skip(4); // fNbytesName
  const position = (): number => (version > 1000 ? c.u64() : c.u32());
  position(); // fSeekDir
  position(); // fSeekParent
  const seekKeys = position();
  return { seekKeys, nbytesKeys };
}

/** @throws {CorruptFileError} unless [offset, offset + length) lies in a file of `size` bytes */
export function checkInFile(place: Place, size: number): void {
  if (place.length < 0 || place.offset < 0 || place.offset + place.length > size)
    throw new CorruptFileError(place, `the file has only ${size} bytes`);
}
