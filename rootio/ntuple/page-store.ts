/**
 * Elements of columns by cluster and position: pages fetched, verified, decompressed, decoded, the last page of each column kept.
 *
 * A local file is read page by page where elements are wanted. From a network the pages of all wanted columns of a cluster are asked
 * for at once, before anything is decoded.
 */
import { CorruptFileError, type Place, UnsupportedFileError } from '../errors.js';
import { checkInFile } from '../file/header.js';
import { type FileAccess, unpack } from '../file/record.js';
import { numberArray } from '../number-type.js';
import type { NumberArray, NumberType } from '../table.js';
import type { Cluster, Page } from './clusters.js';
import { decodePage, numberTypeOf, pageBytes, SWITCH } from './page-format.js';
import type { Column } from './schema.js';

const CHECKSUM_BYTES = 8;
const ENTRY_BYTES_OF_SWITCH = 12;

interface DecodedPage {
  readonly page: Page;
  readonly values: NumberArray;
}

export class PageStore {
  bytesRead = 0;
  /** Pages fetched ahead from a network. */
  readonly #ahead = new Map<Page, Buffer>();
  readonly #last = new Map<Column, DecodedPage>();
  constructor(readonly file: FileAccess) {}

  /** Fetches the pages of these columns in these clusters, where the source cannot be read synchronously. */
  fetch(clusters: readonly Cluster[], columns: readonly Column[]): Promise<void> | void {
    if (this.file.source.readSync !== undefined) return;
    const wanted = new Set(
      clusters.flatMap((cluster) => columns.flatMap((column) => cluster.columns[column.id]?.pages ?? [])),
    );
    for (const page of this.#ahead.keys()) if (!wanted.has(page)) this.#ahead.delete(page);
    const missing = [...wanted].filter((page) => !this.#ahead.has(page));
    return missing.length === 0 ? undefined : this.#fetchPages(missing);
  }

  prefetch(clusters: readonly Cluster[], columns: readonly Column[]): void {
    const pages = clusters.flatMap((cluster) => columns.flatMap((column) => cluster.columns[column.id]?.pages ?? []));
    this.file.source.prefetch?.(pages.map((page) => ({ offset: page.offset, length: diskBytes(page) })));
  }

  async #fetchPages(pages: readonly Page[]): Promise<void> {
    for (const page of pages) checkInFile(this.#place(page, 'a page'), this.file.source.size);
    const answers = await this.file.source.readMany(
      pages.map((page) => ({ offset: page.offset, length: diskBytes(page) })),
    );
    for (const [i, page] of pages.entries()) {
      this.#ahead.set(page, answers[i]!);
      this.bytesRead += answers[i]!.length;
    }
  }

  /** Elements that a column has in a cluster. */
  count(cluster: Cluster, column: Column): number {
    return cluster.columns[column.id]?.pages.at(-1)?.end ?? 0;
  }

  /** Elements [first, end) of a column, counted from the cluster's first; as numbers of `type`. */
  numbers(cluster: Cluster, column: Column, first: number, end: number, type: NumberType): NumberArray {
    const out = numberArray(type, end - first);
    const same = numberTypeOf(column) === type;
    this.#forPages(cluster, column, first, end, ({ page, values }, from, to) => {
      const at = page.first + from - first;
      if (same) (out as Float64Array).set(values.subarray(from, to) as Float64Array, at);
      else for (let i = from; i < to; i++) setNumber(out, at + i - from, values[i]!);
    });
    return out;
  }

  /** Of a variant's switch: the alternative (0: none) and the position in it. */
  switches(
    cluster: Cluster,
    column: Column,
    first: number,
    end: number,
  ): { tags: Uint32Array; positions: Float64Array } {
    const tags = new Uint32Array(end - first);
    const positions = new Float64Array(end - first);
    this.#forPages(cluster, column, first, end, ({ page, values }, from, to) => {
      const view = new DataView(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
      for (let i = from; i < to; i++) {
        positions[page.first + i - first] = Number(view.getBigUint64(i * ENTRY_BYTES_OF_SWITCH, true));
        tags[page.first + i - first] = view.getUint32(i * ENTRY_BYTES_OF_SWITCH + 8, true);
      }
    });
    return { tags, positions };
  }

  #forPages(
    cluster: Cluster,
    column: Column,
    first: number,
    end: number,
    use: (decoded: DecodedPage, from: number, to: number) => void,
  ): void {
    const pages = cluster.columns[column.id]?.pages ?? [];
    if (first < 0 || end > (pages.at(-1)?.end ?? 0)) {
      const place = {
        url: this.file.source.url,
        offset: pages[0]?.offset ?? 0,
        length: 0,
        what: `column ${column.id}`,
      };
      throw new CorruptFileError(place, `elements ${first} to ${end} are wanted, where ${pages.at(-1)?.end ?? 0} are`);
    }
    for (const page of pages) {
      if (page.end <= first || page.first >= end) continue;
      use(this.#decoded(column, page), Math.max(first, page.first) - page.first, Math.min(end, page.end) - page.first);
    }
  }

  #decoded(column: Column, page: Page): DecodedPage {
    const last = this.#last.get(column);
    if (last?.page === page) return last;
    const place = this.#place(page, `a page of column ${column.id}`);
    const count = page.end - page.first;
    const length = pageBytes(column, count);
    if (length === undefined || (column.type !== SWITCH && numberTypeOf(column) === undefined))
      throw new UnsupportedFileError(place, `it is of column type ${column.type}, which this version does not know`);
    const bytes = this.#pageBytes(page, place);
    const decoded = { page, values: decodePage(column, unpack(this.file.codecs, bytes, length, place), count) };
    this.#last.set(column, decoded);
    return decoded;
  }

  /** The page as it is on disk, verified. */
  #pageBytes(page: Page, place: Place): Buffer {
    checkInFile(place, this.file.source.size);
    const ahead = this.#ahead.get(page);
    const bytes = ahead ?? this.file.source.readSync!(page.offset, diskBytes(page));
    if (ahead === undefined) this.bytesRead += bytes.length;
    if (
      page.hasChecksum &&
      this.file.codecs.xxh3(bytes.subarray(0, page.nbytes)) !== bytes.readBigUInt64LE(page.nbytes)
    )
      throw new CorruptFileError(place, "the page's checksum is wrong");
    return bytes.subarray(0, page.nbytes);
  }

  #place(page: Page, what: string): Place {
    return { url: this.file.source.url, offset: page.offset, length: diskBytes(page), what };
  }
}

function diskBytes(page: Page): number {
  return page.nbytes + (page.hasChecksum ? CHECKSUM_BYTES : 0);
}

function setNumber(out: NumberArray, at: number, value: number | bigint): void {
  if (out instanceof BigInt64Array || out instanceof BigUint64Array) out[at] = BigInt(value);
  else out[at] = Number(value);
}
