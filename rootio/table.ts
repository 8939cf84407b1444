/**
 * What a TTree and an RNTuple have in common for a reader: named columns over entries 0..entries, read range by range
 * into typed arrays. tree/ and ntuple/ implement it; analysis/ knows only this file of theirs.
 */
export type NumberType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/**
 * flat: `length` numbers an entry. list: any number of them. nested: lists of lists. string, strings: text or a list of it
 * an entry. object: anything else, as JSROOT's general streamer gives it (slow). unreadable: nobody can, `why` says so.
 */
export type ColumnKind = 'flat' | 'list' | 'nested' | 'string' | 'strings' | 'object' | 'unreadable';

export interface ColumnInfo {
  /** Full path, as `events/muon/muon.pt` splits: unique in its table. */
  readonly name: string;
  readonly kind: ColumnKind;
  /** Of the numbers; absent for text and objects. Double32_t is float64, Float16_t float32, char int8, bool bool (0 or 1 in a Uint8Array). */
  readonly type?: NumberType;
  /** flat: numbers an entry (1, or the product of the fixed dimensions). list: numbers an item, where items are fixed arrays. */
  readonly length?: number;
  /** The fixed dimensions that make up `length`, outermost first. */
  readonly dims?: readonly number[];
  /** Where the column has fewer entries than its table. */
  readonly entries?: number;
  /** As C++ has it, for people. */
  readonly typeName: string;
  readonly title: string;
  readonly why?: string;
}

/** Values of entries [first, end) of one column; n = end - first. Arrays are valid until the next `load` of the same reader. */
export type ColumnData =
  | { readonly kind: 'flat'; readonly values: NumberArray; readonly length: number } // n * length
  | { readonly kind: 'list'; readonly offsets: Int32Array; readonly values: NumberArray } // offsets: n + 1, starting at 0, counting numbers
  | { readonly kind: 'nested'; readonly offsets: Int32Array; readonly inner: Int32Array; readonly values: NumberArray } // offsets index inner, inner indexes values; inner has one more than the lists in all
  | { readonly kind: 'string'; readonly values: readonly string[] }
  | { readonly kind: 'strings'; readonly offsets: Int32Array; readonly values: readonly string[] }
  | { readonly kind: 'object'; readonly values: readonly unknown[] };

export interface ColumnReader {
  /** Reads entries [first, end) of all its columns; synchronous where the source is a local file and the column no object. */
  load(first: number, end: number): Promise<void> | void;
  /** Starts fetching what `load(first, end)` will need (network sources only). */
  prefetch(first: number, end: number): void;
  /** What the last `load` read. */
  column(name: string): ColumnData;
  /** Compressed bytes read so far. */
  readonly bytesRead: number;
}

export interface Table {
  /** What `RootFile.table` takes for it: its path in the file, or `class=TH1F`. */
  readonly name: string;
  readonly title: string;
  readonly className: string;
  readonly entries: number;
  /** Ascending cluster boundaries, from 0 to `entries`: a packet that begins and ends at them reads no basket twice. */
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  /** For a column that would be there if a friend's file could be read: the error that says so. */
  whyAbsent?(column: string): Error | undefined;
  /** @throws {NoSuchColumnError} naming the nearest; {ColumnTypeError} for one that cannot be read */
  reader(names: readonly string[]): ColumnReader;
}
