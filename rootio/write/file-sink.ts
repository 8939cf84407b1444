/**
 * A local file as a sink: written under a temporary name in the same folder, renamed on `publish`, so that nobody ever
 * sees half a file. Appends are collected to 1 MiB before they reach the disk.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { ByteSink } from './byte-sink.js';
import { RootWriteError } from './write-errors.js';

const PENDING_BYTES = 1 << 20;

export class FileSink implements ByteSink {
  readonly path: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #pending = Buffer.allocUnsafe(PENDING_BYTES);
  #used = 0;
  /** Bytes that have reached the file. */
  #written = 0;
  #fd: number | undefined;

  /** @throws {RootWriteError} the folder does not exist or cannot be written */
  constructor(path: string) {
    this.path = path;
    const found = statSync(path, { throwIfNoEntry: false });
    // A device would be replaced; behind a link it is the file that counts.
    if (found?.isFile() === false) throw new RootWriteError(path, 'what is there is no file');
    this.#target = found === undefined ? path : realpathSync(path);
    this.#temporary = `${this.#target}.${randomUUID().slice(0, 8)}.part`;
    try {
      this.#fd = openSync(this.#temporary, 'wx');
    } catch (cause) {
      throw new RootWriteError(path, why(cause), { cause });
    }
  }

  get position(): number {
    return this.#written + this.#used;
  }

  append(bytes: Uint8Array): void {
    if (this.#used + bytes.length > PENDING_BYTES) this.#flush();
    if (bytes.length > PENDING_BYTES) {
      this.#writeAt(bytes, this.#written);
      this.#written += bytes.length;
      return;
    }
    this.#pending.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  patch(position: number, bytes: Uint8Array): void {
    this.#flush();
    this.#writeAt(bytes, position);
  }

  publish(): void {
    this.#flush();
    this.#attempt(() => {
      const fd = this.#opened();
      fsyncSync(fd);
      closeSync(fd);
      this.#fd = undefined;
      renameSync(this.#temporary, this.#target);
    });
  }

  discard(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    // Whatever fails here, the error that made us give the file up is the one to tell.
    for (const step of [() => fd !== undefined && closeSync(fd), () => unlinkSync(this.#temporary)])
      try {
        step();
      } catch {}
  }

  #flush(): void {
    this.#writeAt(this.#pending.subarray(0, this.#used), this.#written);
    this.#written += this.#used;
    this.#used = 0;
  }

  #writeAt(bytes: Uint8Array, position: number): void {
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#opened(), bytes, done, bytes.length - done, position + done);
    });
  }

  #opened(): number {
    if (this.#fd === undefined) throw new Error(`${basename(this.path)} is already closed`);
    return this.#fd;
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (cause) {
      this.discard();
      throw new RootWriteError(this.path, why(cause), { cause });
    }
  }
}

const why = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
