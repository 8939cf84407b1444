/**
 * Rows of lists and ntuples on disk, so that a merger's memory does not grow with them: the first bytes stay in memory, the rest is
 * appended to one file, which is deleted at once (it lives as long as it is open, and nothing is left behind by whatever end).
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { IncrementError, RowsNotKeptError } from '../errors.js';
import type { ChunkKey, ChunkStore } from './chunk-store.js';

export interface FileChunkOptions {
  /** A file that does not exist yet, in a folder with room. */
  readonly path: string;
  /** Kept in memory before the first byte goes to disk; 64 MB unless told. */
  readonly memoryBytes?: number;
}

type Place = { readonly bytes: Uint8Array } | { readonly offset: number; readonly length: number };

export class FileChunkStore implements ChunkStore {
  readonly #options: FileChunkOptions;
  readonly #places: Place[] = [];
  #inMemory = 0;
  #file: number | undefined;
  #end = 0;

  constructor(options: FileChunkOptions) {
    this.#options = options;
  }

  put(_key: ChunkKey, bytes: Uint8Array): number {
    if (this.#inMemory + bytes.length <= (this.#options.memoryBytes ?? 64_000_000)) {
      this.#inMemory += bytes.length;
      return this.#places.push({ bytes: new Uint8Array(bytes) }) - 1;
    }
    try {
      this.#file ??= openUnlinked(this.#options.path);
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#end + done);
    } catch (cause) {
      throw new RowsNotKeptError(this.#options.path, cause as Error);
    }
    this.#end += bytes.length;
    return this.#places.push({ offset: this.#end - bytes.length, length: bytes.length }) - 1;
  }

  get(handle: number): Uint8Array {
    const place = this.#places[handle]!;
    if ('bytes' in place) return place.bytes;
    const bytes = new Uint8Array(place.length);
    for (let done = 0; done < bytes.length; ) {
      const n = readSync(this.#file!, bytes, done, bytes.length - done, place.offset + done);
      if (n === 0) throw new IncrementError(`Rows kept in ${this.#options.path} are gone: the disk lost them.`);
      done += n;
    }
    return bytes;
  }

  adopt(handle: number): void {
    if (this.#places[handle] === undefined) throw new IncrementError(`No rows are kept under ${handle}.`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function openUnlinked(path: string): number {
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}
