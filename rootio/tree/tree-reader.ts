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
  /** Where the baskets do not say where their entries begin: items an entry, and the bytes of one. */
  readonly counts?: { readonly branch: Branch; readonly loader: ColumnLoader; readonly itemBytes: number };
}

/** A range beyond this is a mistake: nobody has the memory. */
const MOST_ENTRIES = 2 ** 30;

class ColumnState {
  /** The basket last cut by a range's end, decompressed. */
  cut: { readonly basket: Basket; readonly contents: BasketContents; readonly bytes: Buffer } | undefined;
  data: ColumnData | undefined;
  wanted: readonly Basket[] = [];
  /** Items of the entries of the wanted baskets, from entry `countsFirst` on. */
  countsFirst = 0;
  readonly counts: TreeReader | undefined;
  constructor(
    readonly column: LoadedColumn,
    file: FileAccess,
  ) {
    const { counts, name } = column;
    this.counts =
      counts &&
      new TreeReader(file, { name, entries: counts.branch.entries }, [
        { name: COUNTS, branch: counts.branch, loader: counts.loader },
      ]);
  }

  /** The counts of whole baskets: what a range cuts off has to be stepped over. */
  loadCounts(): Promise<void> | void {
    const [first] = this.wanted;
    if (this.counts === undefined || first === undefined) return;
    this.countsFirst = first.first;
    return this.counts.load(first.first, this.wanted.at(-1)!.end);
  }

  /** Where the entries of a basket begin, by their counts. */
  offsetsByCounts(basket: Basket): Int32Array | undefined {
    if (this.counts === undefined) return undefined;
    const counts = this.counts.column(COUNTS).values as Int32Array;
    const offsets = new Int32Array(basket.end - basket.first + 1);
    for (let i = 1; i < offsets.length; i++)
      offsets[i] = offsets[i - 1]! + counts[basket.first - this.countsFirst + i - 1]! * this.column.counts!.itemBytes;
    return offsets;
  }
}

const COUNTS = 'counts';

export class TreeReader implements ColumnReader {
  readonly #columns: ReadonlyMap<string, ColumnState>;
  readonly #fetch: BasketFetch;
  constructor(
    readonly file: FileAccess,
    readonly table: { readonly name: string; readonly entries: number },
    columns: readonly LoadedColumn[],
  ) {
    this.#columns = new Map(columns.map((column) => [column.name, new ColumnState(column, file)]));
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
        // Only the first of them is surely still there when it is wanted: another one cut may take its place.
        .filter((basket, i) => i > 0 || basket !== state.cut?.basket)
        .map((basket) => ({ basket, place: this.#place(state.column.branch, basket) })),
    );
    if (this.file.source.readSync === undefined) return this.#loadFromNetwork(missing, first, end);
    this.#fetch.fetch(missing);
    for (const state of this.#columns.values()) state.loadCounts();
    this.#decode(first, end);
  }

  async #loadFromNetwork(
    missing: readonly { basket: Basket; place: Place }[],
    first: number,
    end: number,
  ): Promise<void> {
    await this.#fetch.fetch(missing);
    for (const state of this.#columns.values()) await state.loadCounts();
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
    else if (basket.embedded !== undefined)
      loader.add(withOffsets(embeddedContents(basket, place), state, basket, place), part, place);
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
      const contents = withOffsets(contentsOf(bytes, header, loader.wantsOffsets, place), state, basket, place);
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

/** Offsets by counts, where the basket has none of its own. */
function withOffsets(contents: BasketContents, state: ColumnState, basket: Basket, place: Place): BasketContents {
  const offsets = contents.offsets ?? state.offsetsByCounts(basket);
  if (offsets === undefined || offsets === contents.offsets) return contents;
  if (offsets.at(-1) !== contents.border)
    throw new CorruptFileError(place, `its counts want ${offsets.at(-1)} bytes, where ${contents.border} are`);
  return { ...contents, offsets: checkedOffsets(offsets, place) };
}

function scratch(old: Buffer | undefined, length: number): Buffer {
  return old !== undefined && old.length >= length ? old : Buffer.allocUnsafeSlow(length);
}
