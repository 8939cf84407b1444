/**
 * One basket's bytes: where its contents end and where each entry begins.
 *
 * On disk a basket is a key (which TBasket's own members make longer), then the contents, then, where entries vary in length, the
 * begin of each entry counted from the key. Source: ROOT, tree/tree/inc/TBasket.h and src/TBasket.cxx.
 */
import { CorruptFileError, type Place } from '../errors.js';
import type { Basket } from './branch.js';

export interface BasketHeader {
  readonly objlen: number;
  readonly keylen: number;
  /** Entries. */
  readonly count: number;
  /** Bytes of contents, before the entry offsets. */
  readonly border: number;
  /** Bytes of the record. */
  readonly nbytes: number;
}

/** @throws {CorruptFileError} unless the header's sizes agree with one another and with what the tree says */
export function basketHeader(bytes: Buffer, basket: Basket, place: Place): BasketHeader {
  const fail = (why: string): never => {
    throw new CorruptFileError(place, why);
  };
  if (bytes.length < 18) fail('it is too short for a key');
  const nbytes = bytes.readInt32BE(0);
  const objlen = bytes.readInt32BE(6);
  const keylen = bytes.readUInt16BE(14);
  if (nbytes < keylen || nbytes > bytes.length || keylen < 27 || objlen < 0)
    fail(`its key states ${nbytes} bytes, ${keylen} of them header, for ${objlen}`);
  const count = bytes.readInt32BE(keylen - 9);
  const border = bytes.readInt32BE(keylen - 5) - keylen;
  if (border < 0 || border > objlen) fail(`its contents end at byte ${border} of ${objlen}`);
  if (count !== basket.end - basket.first)
    fail(`it holds ${count} entries, where the tree says ${basket.end - basket.first}`);
  return { objlen, keylen, count, border, nbytes };
}

/** A basket decompressed: contents, and the begin of each entry in them (count + 1 positions), where entries vary in length. */
export interface BasketContents {
  readonly bytes: Buffer;
  readonly border: number;
  readonly offsets: Int32Array | undefined;
  /** Entries. */
  readonly count: number;
  /** Bytes ahead of the contents, from which tags of objects count. */
  readonly keylen: number;
}

/**
 * The entry offsets behind the contents, as positions in the contents: `count` + 1, the last being `border`.
 *
 * @throws {CorruptFileError} unless they ascend inside the contents
 */
export function entryOffsets(bytes: Buffer, header: Omit<BasketHeader, 'nbytes'>, place: Place): Int32Array {
  const { border, count, keylen } = header;
  const tail = checkedTail(bytes, header, place);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i] = view.getInt32(4 * i) - keylen;
  offsets[count] = border;
  return checkedOffsets(offsets, place);
}

/** The begins of the entries as they are behind the contents: big-endian, counted from the key. */
export function checkedTail(bytes: Buffer, header: Omit<BasketHeader, 'nbytes'>, place: Place): Buffer {
  const { border, count, objlen } = header;
  const stated = border + 4 <= objlen ? bytes.readInt32BE(border) : -1;
  if (stated < count || border + 4 + 4 * count > objlen)
    throw new CorruptFileError(place, `it states the begin of ${stated} entries, where ${count} are wanted`);
  return bytes.subarray(border + 4, border + 4 + 4 * count);
}

export function checkedOffsets(offsets: Int32Array, place: Place): Int32Array {
  let previous = 0;
  for (let i = 0; i < offsets.length; i++) {
    const at = offsets[i]!;
    if (at < previous)
      throw new CorruptFileError(place, `its entry ${i} begins at byte ${at}, before the one ahead of it`);
    previous = at;
  }
  return offsets;
}
