/**
 * Rows of lists and ntuples in a file that outlives its writer: append-only, each chunk behind its length and CRC-32 (u32, little endian),
 * named by where it begins. Whoever notes those places (a query's journal) calls `sync` before the note is safe, and after a crash adopts
 * the places that were noted, each if it is whole, and cuts off the rest.
 */
import { closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { IncrementError, RowsNotKeptError } from '../errors.js';
import type { ChunkKey, ChunkStore } from './chunk-store.js';

const HEAD_BYTES = 8;

export class RowFile implements ChunkStore {
  readonly #path: string;
  #file: number | undefined;
  /** Of the file, when it was opened. */
  #found = 0;
  /** Where the next chunk goes: behind all that was put or adopted. */
  #end = 0;
  #isDirty = false;

  /** The file is made with the first rows. */
  constructor(path: string) {
    this.#path = path;
  }

  put(_key: ChunkKey, bytes: Uint8Array): number {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(bytes.length, 0);
    head.writeUInt32LE(crc32(bytes), 4);
    const handle = this.#end;
    try {
      const file = this.#open();
      writeWhole(file, head, handle);
      writeWhole(file, bytes, handle + HEAD_BYTES);
    } catch (cause) {
      throw new RowsNotKeptError(this.#path, cause as Error);
    }
    this.#end += HEAD_BYTES + bytes.length;
    this.#isDirty = true;
    return handle;
  }

  /** @throws {IncrementError} where the disk has not what was put */
  get(handle: number): Uint8Array {
    const head = Buffer.alloc(HEAD_BYTES);
    this.#read(head, handle);
    const length = head.readUInt32LE(0);
    // Before the memory for it: a damaged length may be anything. Zeros are no empty chunk: there is none.
    if (length === 0 || handle + HEAD_BYTES + length > Math.max(this.#found, this.#end)) throw this.#lost();
    const bytes = new Uint8Array(length);
    this.#read(bytes, handle + HEAD_BYTES);
    if (crc32(bytes) !== head.readUInt32LE(4)) throw this.#lost();
    return bytes;
  }

  adopt(handle: number): void {
    this.#end = Math.max(this.#end, handle + HEAD_BYTES + this.get(handle).length);
  }

  /** What was not adopted was noted nowhere: it goes. */
  cut(): void {
    if (!existsSync(this.#path)) return;
    ftruncateSync(this.#open(), this.#end);
    this.#found = this.#end;
  }

  /** Everything put so far is on disk afterwards. */
  async sync(): Promise<void> {
    if (!this.#isDirty || this.#file === undefined) return;
    this.#isDirty = false;
    await promisify(fdatasync)(this.#file);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    if (this.#file === undefined) {
      this.#file = openSync(this.#path, 'a+', 0o600); // makes it, and keeps what is there
      closeSync(this.#file);
      this.#file = openSync(this.#path, 'r+'); // to write at a place
      this.#found = fstatSync(this.#file).size;
    }
    return this.#file;
  }
  #read(into: Uint8Array, at: number): void {
    const file = this.#open();
    for (let done = 0; done < into.length; ) {
      const n = readSync(file, into, done, into.length - done, at + done);
      if (n === 0) throw this.#lost();
      done += n;
    }
  }
  #lost(): IncrementError {
    return new IncrementError(`Rows kept in ${this.#path} are gone or damaged: the disk lost them.`);
  }
}

function writeWhole(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}
