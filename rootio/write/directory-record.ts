/**
 * TDirectory: its place in the file, which is written at once and patched at the end, and the list of its keys.
 *
 * Source: ROOT, io/io/src/TDirectoryFile.cxx (FillBuffer, WriteKeys), core/base/src/TUUID.cxx.
 */
import type { RecordBuffer } from './record-buffer.js';
import { BIG_FILE_START, type RecordKey, writeKey } from './record-key.js';

/** Bytes of the record, with room for 64-bit seeks. */
export const DIRECTORY_BYTES = 60;

export interface DirectoryState {
  readonly name: string;
  readonly title: string;
  /** Where the directory's own record (its key) begins. */
  readonly seek: number;
  readonly seekParent: number;
  /** Where its 60 bytes stand. */
  readonly recordAt: number;
  /** Bytes of key, and in the file's own record of name and title. */
  readonly nameBytes: number;
  readonly keys: RecordKey[];
  readonly uuid: Uint8Array;
  seekKeys: number;
  keysBytes: number;
}

export function writeDirectory(buffer: RecordBuffer, state: DirectoryState, datime: number): void {
  const big = Math.max(state.seek, state.seekKeys, state.seekParent) > BIG_FILE_START;
  buffer
    .i16(big ? 1005 : 5)
    .u32(datime)
    .u32(datime)
    .i32(state.keysBytes)
    .i32(state.nameBytes);
  for (const seek of [state.seek, state.seekParent, state.seekKeys])
    if (big) buffer.i64(seek);
    else buffer.i32(seek);
  buffer.i16(1).raw(state.uuid);
  if (!big) buffer.zeros(12);
}

/** A new key: a name that is there already gets the next cycle and stands before the older ones. */
export function addKey(keys: RecordKey[], key: RecordKey): void {
  const same = keys.findIndex(({ name }) => name === key.name);
  if (same === -1) keys.push(key);
  else keys.splice(same, 0, key);
}

export const nextCycle = (keys: readonly RecordKey[], name: string): number =>
  1 + keys.reduce((highest, key) => (key.name === name ? Math.max(highest, key.cycle) : highest), 0);

export function writeKeyList(buffer: RecordBuffer, keys: readonly RecordKey[]): void {
  buffer.i32(keys.length);
  for (const key of keys) writeKey(buffer, key);
}
