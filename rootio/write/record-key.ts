/**
 * TKey: what stands before each record of a ROOT file, and again in the key list of its directory.
 * Seeks take 32 bits, or 64 (version + 1000) from 2 GB on, as ROOT chooses.
 *
 * Source: ROOT, io/doc/TFile/datarecord.md, io/io/src/TKey.cxx (Streamer).
 */
import type { RecordBuffer } from './record-buffer.js';
import { RootNameError } from './write-errors.js';

/** From here on positions are written with 64 bits: ROOT's kStartBigFile. */
export const BIG_FILE_START = 2_000_000_000;

export interface RecordKey {
  readonly className: string;
  readonly name: string;
  readonly title: string;
  readonly cycle: number;
  /** As TDatime packs it. */
  readonly datime: number;
  /** Where the record begins. */
  readonly seekKey: number;
  /** Where its directory's record begins. */
  readonly seekDirectory: number;
  /** Bytes of the contents, uncompressed. */
  readonly objectLength: number;
  /** Bytes of key and contents in the file. */
  readonly nbytes: number;
}

export const textLength = (text: string) => {
  const length = Buffer.byteLength(text, 'utf8');
  return length < 255 ? length + 1 : length + 5;
};

/** Baskets always have wide seeks, as ROOT writes them. */
const isWide = (key: Pick<RecordKey, 'className' | 'seekKey'>) =>
  key.seekKey > BIG_FILE_START || key.className === 'TBasket';

export function keyLength(key: Pick<RecordKey, 'className' | 'name' | 'title' | 'seekKey'>): number {
  const fixed = isWide(key) ? 34 : 26;
  return fixed + textLength(key.className) + textLength(key.name) + textLength(key.title);
}

/** The key's length has 16 bits; the object itself keeps its whole title. */
const MAX_TEXT = 16_000;

/** @throws {RootNameError} empty, too long, or with the slash that parts folders */
export function checkName(name: string): string {
  if (name === '' || name.includes('/'))
    throw new RootNameError(
      `"${name}" cannot be a name in a ROOT file: give the folder apart, and a name without slash.`,
    );
  if (textLength(name) > MAX_TEXT)
    throw new RootNameError(
      `A name in a ROOT file has ${MAX_TEXT} bytes at most; this one begins "${name.slice(0, 40)}".`,
    );
  return name;
}
/** As much of a title as a key can hold. */
export const keyTitle = (title: string) => (textLength(title) > MAX_TEXT ? title.slice(0, MAX_TEXT / 4) : title);

/** @param extra bytes that the class keeps in the key itself (TBasket) */
export function writeKey(buffer: RecordBuffer, key: RecordKey, extra = 0): RecordBuffer {
  const wide = isWide(key);
  buffer
    .i32(key.nbytes)
    .i16(wide ? 1004 : 4)
    .i32(key.objectLength)
    .u32(key.datime);
  buffer.i16(keyLength(key) + extra).i16(key.cycle);
  if (wide) buffer.i64(key.seekKey).i64(key.seekDirectory);
  else buffer.i32(key.seekKey).i32(key.seekDirectory);
  return buffer.text(key.className).text(key.name).text(key.title);
}

/** TDatime: local time, as ROOT keeps it, in 32 bits. */
export function packDatime(date: Date): number {
  const years = Math.max(0, date.getFullYear() - 1995) & 63;
  const day = (date.getMonth() + 1) * 2 ** 22 + date.getDate() * 2 ** 17;
  return years * 2 ** 26 + day + date.getHours() * 2 ** 12 + date.getMinutes() * 2 ** 6 + date.getSeconds();
}
