/** A file that can skip: a hole in its middle makes it long without the time and the disk that it would take; no record lies there. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { ByteSink } from '../../rootio/write/byte-sink.js';

export class SparseSink implements ByteSink {
  position = 0;
  readonly #fd: number;
  constructor(readonly path: string) {
    this.#fd = openSync(path, 'w');
  }
  hole(bytes: number): void {
    this.position += bytes;
  }
  append(bytes: Uint8Array): void {
    this.patch(this.position, bytes);
    this.position += bytes.length;
  }
  patch(position: number, bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, position);
  }
  publish(): void {
    closeSync(this.#fd);
  }
  discard(): void {
    closeSync(this.#fd);
  }
}
