/** Reads whole records: the bytes of one key, decompressed. The one place where an object's claimed size is believed or not. */
import type { ByteSource } from '../../storage/byte-source.js';
import { claimedSize, decompressBlocks } from '../compression/blocks.js';
import type { Codecs } from '../compression/codec.js';
import { CorruptFileError, type Place } from '../errors.js';
import { checkInFile } from './header.js';
import type { Key } from './key.js';

/** What all readers of one file share. */
export interface FileAccess {
  readonly source: ByteSource;
  readonly codecs: Codecs;
}

/** @throws {CorruptFileError} where the record does not lie in the file, or its blocks do not give what its key states */
export async function readRecord(file: FileAccess, key: Key): Promise<{ bytes: Buffer; place: Place }> {
  const what = `${key.className} "${key.name}"`;
  const place: Place = { url: file.source.url, offset: key.seek, length: key.nbytes, what };
  checkInFile(place, file.source.size);
  const record = await file.source.read(key.seek, key.nbytes);
  return { bytes: unpack(file.codecs, record.subarray(key.keylen), key.objlen, place), place };
}

/** The object's bytes from a record's payload; stored as it is where the sizes are equal. */
export function unpack(codecs: Codecs, payload: Buffer, objlen: number, place: Place): Buffer {
  if (payload.length === objlen) return payload;
  checkClaim(payload, objlen, place);
  const out = Buffer.allocUnsafeSlow(objlen);
  unpackInto(codecs, payload, out, place);
  return out;
}

/** @throws {CorruptFileError} where the blocks' headers do not claim `objlen` bytes in all */
export function checkClaim(payload: Uint8Array, objlen: number, place: Place): void {
  if (claimedSize(payload) < objlen)
    throw new CorruptFileError(place, `its key states ${objlen} bytes, its compressed blocks ${claimedSize(payload)}`);
}

export function unpackInto(codecs: Codecs, payload: Uint8Array, out: Uint8Array, place: Place): void {
  try {
    decompressBlocks(codecs, payload, out);
  } catch (error) {
    throw new CorruptFileError(place, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
