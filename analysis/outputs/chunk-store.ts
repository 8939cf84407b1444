/**
 * Where a merger keeps the rows of lists and ntuples: chunks of bytes, one for each packet that filled any.
 * A program whose memory is bounded passes a store that writes them to disk; this one keeps them in memory.
 */
import { IncrementError } from '../errors.js';

export interface ChunkKey {
  readonly output: string;
  /** Position of the file in the data set. */
  readonly filePosition: number;
  readonly first: number;
  readonly end: number;
  readonly rows: number;
}
export interface ChunkStore {
  /** Keeps the bytes; returns a handle to read them with. The merger keeps keys and handles, ordered. */
  put(key: ChunkKey, bytes: Uint8Array): number;
  get(handle: number): Uint8Array;
  /** A handle that `put` gave to somebody else, or to an earlier life of this program. @throws {IncrementError} nothing is there */
  adopt(handle: number): void;
}

export class MemoryChunkStore implements ChunkStore {
  readonly #chunks: Uint8Array[] = [];
  put(_key: ChunkKey, bytes: Uint8Array): number {
    return this.#chunks.push(new Uint8Array(bytes)) - 1;
  }
  get(handle: number): Uint8Array {
    return this.#chunks[handle]!;
  }
  adopt(handle: number): void {
    if (this.#chunks[handle] === undefined) throw new IncrementError(`No rows are kept under ${handle}.`);
  }
}
