/**
 * Bytes asked for before they are needed: the next cluster is on its way while this one is being processed. Holds the last
 * few batches within a budget; what is not there, or failed, is simply read again. Decides only, `fetch` does the reading.
 */
import type { ByteRange } from './byte-source.js';

const MAX_BATCHES = 4;
export const MAX_AHEAD_BYTES = 256 * 2 ** 20;

interface Batch {
  /** By offset. */
  readonly ranges: readonly ByteRange[];
  readonly bytes: Promise<readonly Buffer[]>;
  readonly length: number;
  /** Bytes not yet taken; a range may be taken in parts. */
  left: number;
}

export class ReadAhead {
  readonly #fetch: (ranges: readonly ByteRange[]) => Promise<readonly Buffer[]>;
  #batches: Batch[] = [];

  constructor(fetch: (ranges: readonly ByteRange[]) => Promise<readonly Buffer[]>) {
    this.#fetch = fetch;
  }

  /** Starts to fetch what is not on its way yet. A batch beyond the budget is not fetched at all. */
  want(wanted: readonly ByteRange[]): void {
    const ranges = wanted.filter((range) => range.length > 0 && this.#find(range) === undefined);
    const length = ranges.reduce((sum, range) => sum + range.length, 0);
    if (length === 0 || length > MAX_AHEAD_BYTES) return;
    ranges.sort((a, b) => a.offset - b.offset);
    const bytes = this.#fetch(ranges);
    bytes.catch(() => {}); // told to whoever takes it; nobody may
    this.#batches.push({ ranges, bytes, length, left: length });
    const held = (): number => this.#batches.reduce((sum, batch) => sum + batch.length, 0);
    while (this.#batches.length > MAX_BATCHES || held() > MAX_AHEAD_BYTES) this.#batches.shift();
  }

  /** The bytes of a range that was asked for ahead; undefined when it was not, or when fetching it failed. */
  take(range: ByteRange): Promise<Buffer | undefined> | undefined {
    const found = this.#find(range);
    if (found === undefined) return undefined;
    const { batch, index } = found;
    const whole = batch.ranges[index]!;
    batch.left -= range.length;
    if (batch.left <= 0) this.#batches = this.#batches.filter((other) => other !== batch);
    const start = range.offset - whole.offset;
    return batch.bytes.then(
      (parts) => parts[index]!.subarray(start, start + range.length),
      () => undefined,
    );
  }

  clear(): void {
    this.#batches = [];
  }

  #find({ offset, length }: ByteRange): { batch: Batch; index: number } | undefined {
    for (const batch of this.#batches) {
      let low = 0;
      let high = batch.ranges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (batch.ranges[middle]!.offset <= offset) low = middle + 1;
        else high = middle;
      }
      const candidate = batch.ranges[low - 1];
      if (candidate !== undefined && candidate.offset + candidate.length >= offset + length)
        return { batch, index: low - 1 };
    }
    return undefined;
  }
}
