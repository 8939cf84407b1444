/** How a run without a server cuts files: by time, so that there is something to see and to keep however slow the selector is. */
import type { FilePart } from './local-files.js';

const FIRST_ENTRIES = 1000;
const MOST_ENTRIES = 200_000;
const WANTED_MS = 300;
/** A packet that was over in a moment says little about the next. */
const MOST_GROWTH = 16;

export class PacketLength {
  #entries = FIRST_ENTRIES;

  get entries(): number {
    return this.#entries;
  }
  /** So long one took. */
  learn(entries: number, wallMs: number): void {
    const wanted = Math.floor((entries / Math.max(wallMs, 0.01)) * WANTED_MS);
    this.#entries = Math.max(1, Math.min(wanted, entries * MOST_GROWTH, MOST_ENTRIES));
  }
}

/** [first, end) of a part cut into packets; they end at a cluster boundary where one is near, so that few baskets are read twice. */
export function* packetRanges(
  part: Pick<FilePart, 'first' | 'end' | 'clusters'>,
  length: { readonly entries: number },
): Iterable<[first: number, end: number]> {
  let next = 0;
  for (let first = part.first; first < part.end; ) {
    const wanted = first + length.entries;
    while (next < part.clusters.length && part.clusters[next]! < wanted) next++;
    const boundary = part.clusters[next] ?? part.end;
    const end = Math.min(boundary <= wanted + length.entries ? boundary : wanted, part.end);
    yield [first, end];
    first = end;
  }
}
