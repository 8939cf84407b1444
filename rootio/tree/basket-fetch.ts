/**
 * Fetches baskets: neighbours in the file in one read. Bytes stay in one reused buffer until the next fetch.
 * A local file is read without a turn of the event loop; from a network all runs are asked for at once.
 */
import type { ByteRange, ByteSource } from '../../storage/byte-source.js';
import { CorruptFileError, type Place } from '../errors.js';
import { checkInFile } from '../file/header.js';
import type { Basket } from './branch.js';

/** Bytes between two baskets that are read rather than jumped over: a jump costs more. */
const LOCAL_GAP = 8 * 1024;
const NETWORK_GAP = 64 * 1024;
/** A buffer longer than this is not kept for the next fetch. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Bytes of a key without names. */
const SHORTEST = 18;

interface Wanted {
  readonly basket: Basket;
  readonly place: Place;
}

interface Run {
  readonly offset: number;
  end: number;
}

export class BasketFetch {
  #arena = Buffer.alloc(0);
  /** Position of each fetched basket in the arena, or its own bytes. */
  readonly #fetched = new Map<Basket, Buffer>();
  bytesRead = 0;
  constructor(readonly source: ByteSource) {}

  /** Baskets in any order; embedded ones are passed over. */
  fetch(wanted: readonly Wanted[]): Promise<void> | void {
    this.#fetched.clear();
    const onDisk = wanted.filter(({ basket }) => basket.embedded === undefined);
    for (const { place, basket } of onDisk) {
      checkInFile(place, this.source.size);
      if (basket.nbytes < SHORTEST)
        throw new CorruptFileError(place, `it takes ${basket.nbytes} bytes, which is too short for a key`);
    }
    for (const { basket } of onDisk) this.bytesRead += basket.nbytes;
    const baskets = onDisk.map(({ basket }) => basket).sort((a, b) => a.seek - b.seek);
    const runs = toRuns(baskets, this.source.readSync ? LOCAL_GAP : NETWORK_GAP);
    if (this.source.readSync) this.#readRuns(runs, baskets);
    else if (runs.length > 0) return this.#askForRuns(runs, baskets);
  }

  prefetch(baskets: readonly Basket[]): void {
    const onDisk = baskets.filter((basket) => basket.embedded === undefined).sort((a, b) => a.seek - b.seek);
    this.source.prefetch?.(toRuns(onDisk, NETWORK_GAP).map(range));
  }

  /** Of the last fetch. */
  bytesOf(basket: Basket): Buffer {
    const bytes = this.#fetched.get(basket);
    if (bytes === undefined) throw new Error('this basket was not fetched');
    return bytes;
  }

  #readRuns(runs: readonly Run[], baskets: readonly Basket[]): void {
    const total = runs.reduce((sum, run) => sum + run.end - run.offset, 0);
    const arena = total <= this.#arena.length ? this.#arena : Buffer.allocUnsafeSlow(Math.ceil(total * 1.25));
    if (arena.length <= KEPT_BYTES) this.#arena = arena;
    let at = 0;
    let next = 0;
    for (const run of runs) {
      const length = run.end - run.offset;
      const bytes = this.source.readSync!(run.offset, length, arena.subarray(at, at + length));
      at += length;
      next = this.#share(bytes, run, baskets, next);
    }
  }

  async #askForRuns(runs: readonly Run[], baskets: readonly Basket[]): Promise<void> {
    const answers = await this.source.readMany(runs.map(range));
    let next = 0;
    for (const [i, run] of runs.entries()) next = this.#share(answers[i]!, run, baskets, next);
  }

  #share(bytes: Buffer, run: Run, baskets: readonly Basket[], from: number): number {
    let next = from;
    for (; next < baskets.length && baskets[next]!.seek < run.end; next++) {
      const basket = baskets[next]!;
      const begin = basket.seek - run.offset;
      this.#fetched.set(basket, bytes.subarray(begin, begin + basket.nbytes));
    }
    return next;
  }
}

const range = (run: Run): ByteRange => ({ offset: run.offset, length: run.end - run.offset });

function toRuns(sorted: readonly Basket[], gap: number): Run[] {
  const runs: Run[] = [];
  for (const { seek, nbytes } of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && seek - last.end <= gap) last.end = Math.max(last.end, seek + nbytes);
    else runs.push({ offset: seek, end: seek + nbytes });
  }
  return runs;
}
