/** A ROOT file in memory: for tests, and for small files that go over a wire. */
import type { ByteSink } from './byte-sink.js';

export class MemorySink implements ByteSink {
  readonly path: string;
  #bytes = Buffer.alloc(1 << 16);
  #used = 0;

  constructor(path = 'memory.root') {
    this.path = path;
  }

  get position(): number {
    return this.#used;
  }

  /** What was written; valid until the next append. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  append(bytes: Uint8Array): void {
    const end = this.#used + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = end;
  }

  patch(position: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, position);
  }

  publish(): void {}

  discard(): void {
    this.#used = 0;
  }
}
