/**
 * Reads named columns of a TTree, entries [first, end): the baskets that they lie in, each once, neighbours in the file together.
 *
 * Baskets need not begin or end where the range or another branch's do: what is cut is kept decompressed for the next range.
 * A local file is read synchronously.
 */
import { CorruptFileError, NoSuchColumnError, type Place } from '../errors.js';
import { checkClaim, type FileAccess, unpackInto } from '../file/record.js';
import type { ColumnData, ColumnReader } from '../table.js';
import { type BasketContents, type BasketHeader, basketHeader, checkedOffsets, entryOffsets } from './basket.js';
import { BasketFetch } from './basket-fetch.js';
import type { Basket, Branch } from './branch.js';
import type { ColumnLoader } from './column-loader.js';

/** A column as the reader sees it: whose baskets, filled into what. */
export interface LoadedColumn {
  readonly name: string;
  readonly branch: Branch;
  readonly loader: ColumnLoader;
}

/** A range beyond this is a mistake: nobody has the memory. */
const MOST_ENTRIES = 2 ** 30;

class ColumnState {
  /** The basket last cut by a range's end, decompressed. */
  cut: { readonly basket: Basket; readonly contents: BasketContents; readonly bytes: Buffer } | undefined;
  data: ColumnData | undefined;
  wanted: readonly Basket[] = [];
  constructor(readonly column: LoadedColumn) {}
}

export class TreeReader implements ColumnReader {
  readonly #columns: ReadonlyMap<string, ColumnState>;
  readonly #fetch: BasketFetch;
  constructor(
    readonly file: FileAccess,
    readonly table: { readonly name: string; readonly entries: number },
    columns: readonly LoadedColumn[],
  ) {
    this.#columns = new Map(columns.map((column) => [column.name, new ColumnState(column)]));
    this.#fetch = new BasketFetch(file.source);
  }

  get bytesRead(): number {
    return this.#fetch.bytesRead;
  }

  load(first: number, end: number): Promise<void> | void {
    const { entries, name } = this.table;
    if (!(first >= 0 && first <= end && end <= entries))
      throw new RangeError(`Entries ${first} to ${end} were asked of the tree "${name}", which has ${entries}.`);
    if (end - first > MOST_ENTRIES) throw new RangeError(`At most ${MOST_ENTRIES} entries can be loaded at once.`);
    for (const state of this.#columns.values())
      state.wanted = basketsOf(state.column.branch, first, end, this.file.source.url);
    const missing = [...this.#columns.values()].flatMap((state) =>
      state.wanted
        .filter((basket) => basket !== state.cut?.basket)
        .map((basket) => ({ basket, place: this.#place(state.column.branch, basket) })),
    );
    const pending = this.#fetch.fetch(missing);
    if (pending !== undefined) return pending.then(() => this.#decode(first, end));
    this.#decode(first, end);
  }

  prefetch(first: number, end: number): void {
    if (this.file.source.prefetch === undefined) return;
    const wanted = [...this.#columns.values()].flatMap(({ column }) =>
      basketsOf(column.branch, first, Math.min(end, this.table.entries), this.file.source.url),
    );
    this.#fetch.prefetch(wanted);
  }

  column(name: string): ColumnData {
    const state = this.#columns.get(name);
    if (state === undefined) throw new NoSuchColumnError(this.table.name, name, [...this.#columns.keys()]);
    if (state.data === undefined) throw new Error(`column "${name}" was not loaded yet`);
    return state.data;
  }

  #decode(first: number, end: number): void {
    for (const state of this.#columns.values()) {
      const { loader } = state.column;
      loader.begin(end - first);
      for (const basket of state.wanted) this.#addBasket(state, basket, first, end);
      state.data = loader.finish();
    }
  }

  #addBasket(state: ColumnState, basket: Basket, first: number, end: number): void {
    const { loader, branch } = state.column;
    const place = this.#place(branch, basket);
    const part = { from: Math.max(first, basket.first) - basket.first, to: Math.min(end, basket.end) - basket.first };
    if (state.cut?.basket === basket) loader.add(state.cut.contents, part, place);
    else if (basket.embedded !== undefined) loader.add(embeddedContents(basket, place), part, place);
    else {
      const record = this.#fetch.bytesOf(basket);
      const header = basketHeader(record, basket, place);
      const payload = record.subarray(header.keylen, header.nbytes);
      if (payload.length !== header.objlen) checkClaim(payload, header.objlen, place);
      const whole = part.from === 0 && part.to === header.count;
      const target = whole ? loader.direct?.(header, place) : undefined;
      if (target !== undefined) {
        this.#unpack(payload, target, place);
        loader.placed?.(header, place);
        return;
      }
      const bytes = scratch(state.cut?.bytes, header.objlen);
      state.cut = undefined;
      this.#unpack(payload, bytes.subarray(0, header.objlen), place);
      const contents = contentsOf(bytes, header, loader.wantsOffsets, place);
      loader.add(contents, part, place);
      state.cut = { basket, contents, bytes };
    }
  }

  #unpack(payload: Buffer, target: Buffer, place: Place): void {
    if (payload.length === target.length) payload.copy(target);
    else unpackInto(this.file.codecs, payload, target, place);
  }

  #place(branch: Branch, basket: Basket): Place {
    return {
      url: this.file.source.url,
      offset: basket.seek,
      length: basket.nbytes,
      what: `entries ${basket.first} to ${basket.end} of branch "${branch.path}"`,
    };
  }
}

/** The baskets of [first, end), which must cover it without a hole. */
function basketsOf({ baskets, path }: Branch, first: number, end: number, url: string): readonly Basket[] {
  if (first === end) return [];
  let low = 0;
  let high = baskets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (baskets[middle]!.end > first) high = middle;
    else low = middle + 1;
  }
  let next = low;
  while (next < baskets.length && baskets[next]!.first < end) next++;
  const found = baskets.slice(low, next);
  if (found.length === 0 || found[0]!.first > first || found.at(-1)!.end < end) {
    const place = { url, offset: 0, length: 0, what: `branch "${path}"` };
    throw new CorruptFileError(place, `it has no baskets for all of entries ${first} to ${end}`);
  }
  return found;
}

function embeddedContents(basket: Basket, place: Place): BasketContents {
  const { payload, border, keylen, entryOffsets: stated } = basket.embedded!;
  const count = basket.end - basket.first;
  if (stated === undefined) return { bytes: payload, border, offsets: undefined, count, keylen };
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i] = (stated[i] ?? -1) - keylen;
  offsets[count] = border;
  return { bytes: payload, border, offsets: checkedOffsets(offsets, place), count, keylen };
}

function contentsOf(bytes: Buffer, header: BasketHeader, wantsOffsets: boolean, place: Place): BasketContents {
  const { border, count, keylen, objlen } = header;
  const offsets = wantsOffsets && border < objlen ? entryOffsets(bytes, header, place) : undefined;
  return { bytes, border, offsets, count, keylen };
}

function scratch(old: Buffer | undefined, length: number): Buffer {
  return old !== undefined && old.length >= length ? old : Buffer.allocUnsafeSlow(length);
}
