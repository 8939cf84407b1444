/** Where the pages of each cluster lie. Source: BinaryFormatSpecification.md, "Page List Envelope". */
import { UnsupportedFileError } from '../errors.js';
import { type Locator, readLocator } from './envelope.js';
import type { FrameCursor } from './frame-cursor.js';

export interface Page extends Locator {
  /** The first element that it holds, counted from the cluster's first. */
  readonly first: number;
  readonly end: number;
  readonly hasChecksum: boolean;
}

export interface ColumnPages {
  readonly pages: readonly Page[];
  /** Another representation of the same field was written in this cluster. */
  readonly suppressed: boolean;
}

/** Entries [first, end). */
export interface Cluster {
  readonly first: number;
  readonly end: number;
  /** By column id; columns that were added later are not there. */
  readonly columns: readonly ColumnPages[];
}

const ENTRIES_MASK = (1n << 56n) - 1n;

/** Reads a page list behind its envelope's beginning. */
export function readPageList(frame: FrameCursor): Cluster[] {
  frame.u64big(); // the header's checksum
  const summaries = frame.list((item) =>
    item.record((record) => {
      const first = record.u64();
      const entriesAndFlags = record.u64big();
      if (entriesAndFlags >> 56n !== 0n)
        throw new UnsupportedFileError(frame.place, 'its clusters are sharded, which this version cannot read');
      return { first, end: first + Number(entriesAndFlags & ENTRIES_MASK) };
    }),
  );
  const columns = frame.list((cluster) => cluster.list(readColumnPages));
  if (columns.length !== summaries.length)
    frame.fail(`it lists pages of ${columns.length} clusters, and ${summaries.length} clusters`);
  return summaries.map((summary, i) => ({ ...summary, columns: columns[i]! }));
}

function readColumnPages(frame: FrameCursor): ColumnPages {
  let at = 0;
  let suppressed = false;
  const pages = frame.list(
    (item): Page => {
      const signed = item.i32();
      const first = at;
      at += Math.abs(signed);
      return { first, end: at, hasChecksum: signed < 0, ...readLocator(item) };
    },
    (rest) => {
      suppressed = rest.u64big() >> 63n === 1n; // a negative offset
    },
  );
  return { pages, suppressed };
}
