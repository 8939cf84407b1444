/** What all files behind a network share: checked ranges, vector reads, reading ahead. The protocols give `fetch`. */
import { checkRange } from './byte-ranges.js';
import type { ByteRange, ByteSource } from './byte-source.js';
import { SourceClosedError } from './errors.js';
import { ReadAhead } from './read-ahead.js';

export abstract class NetworkFile implements ByteSource {
  abstract readonly url: string;
  abstract readonly size: number;
  readonly #ahead = new ReadAhead((ranges) => this.fetch(ranges));
  #closed = false;

  /** All ranges, checked against the size before; in their order. @throws {StorageError} */
  protected abstract fetch(ranges: readonly ByteRange[]): Promise<Buffer[]>;
  /** Gives back what the server keeps for us. Never throws. */
  protected abstract release(): Promise<void>;

  async read(offset: number, length: number): Promise<Buffer> {
    const [bytes] = await this.readMany([{ offset, length }]);
    return bytes!;
  }

  async readMany(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    if (this.#closed) throw new SourceClosedError(this.url);
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    const ahead = ranges.map((range) => this.#ahead.take(range));
    const now = ranges.filter((_, index) => ahead[index] === undefined);
    const [early, fetched] = await Promise.all([Promise.all(ahead), now.length > 0 ? this.fetch(now) : []]);
    const missing = ranges.filter((_, index) => ahead[index] !== undefined && early[index] === undefined);
    const again = missing.length > 0 ? await this.fetch(missing) : [];
    let nextFetched = 0;
    let nextAgain = 0;
    return ranges.map((_, index) => {
      if (ahead[index] === undefined) return fetched[nextFetched++]!;
      return early[index] ?? again[nextAgain++]!;
    });
  }

  /** Ranges that the file does not have are left out: a hint is no read. */
  prefetch(ranges: readonly ByteRange[]): void {
    if (!this.#closed)
      this.#ahead.want(ranges.filter(({ offset, length }) => offset >= 0 && offset + length <= this.size));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ahead.clear();
    await this.release();
  }
}
