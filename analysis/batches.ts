/** A packet's entries as batches: whole clusters, small ones together, so that no basket is read twice and arrays stay cache-sized. */

/** Small clusters are joined until they have this many entries. */
const ENOUGH = 8192;
/** Larger clusters are cut: memory, and how soon a stop is heard, matter more than a basket read twice. */
const TOO_MANY = 262_144;

export interface EntryRange {
  readonly first: number;
  readonly end: number;
}

/** @param clusters ascending boundaries from 0 to the number of entries */
export function batchesOf(clusters: readonly number[], first: number, end: number): readonly EntryRange[] {
  const batches: EntryRange[] = [];
  let from = first;
  for (let c = firstAbove(clusters, first); from < end; c++) {
    const boundary = Math.min(clusters[c] ?? end, end);
    for (; boundary - from > TOO_MANY; from += TOO_MANY) batches.push({ first: from, end: from + TOO_MANY });
    if (boundary - from < ENOUGH && boundary < end) continue;
    batches.push({ first: from, end: boundary });
    from = boundary;
  }
  return batches;
}

/** Between looks at the time, where that matters: at first one entry, which may be slow. */
const FIRST_PIECE = 1;
const LONGEST_PIECE = 8192;

export function piecesOf({ first, end }: EntryRange): readonly EntryRange[] {
  const pieces: EntryRange[] = [];
  for (let from = first, length = FIRST_PIECE; from < end; length = Math.min(2 * length, LONGEST_PIECE)) {
    pieces.push({ first: from, end: Math.min(from + length, end) });
    from += length;
  }
  return pieces;
}

function firstAbove(clusters: readonly number[], entry: number): number {
  let low = 0;
  let high = clusters.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (clusters[middle]! <= entry) low = middle + 1;
    else high = middle;
  }
  return low;
}
