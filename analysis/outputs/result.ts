/** Merged outputs as plain numbers: what plots, ROOT files and the result's JSON are made of. */
import type { AxisSpec } from './axis.js';
import type { NtupleType } from './declaration.js';

export type StatName =
  | 'sumw'
  | 'sumw2'
  | 'sumwx'
  | 'sumwx2'
  | 'sumwy'
  | 'sumwy2'
  | 'sumwxy'
  | 'sumwz'
  | 'sumwz2'
  | 'sumwxz'
  | 'sumwyz';
export type Stats = Readonly<Partial<Record<StatName, number>>>;

interface Named {
  readonly name: string;
  readonly title: string;
}
interface Binned extends Named {
  readonly axes: readonly AxisSpec[];
  /** Number of fills, under- and overflows included. */
  readonly entries: number;
  /** Of the fills in range. */
  readonly stats: Stats;
  /** Of what the bins hold. */
  readonly valueTitle: string;
}
/** Arrays run over nbins + 2 bins an axis, underflow first, x fastest. */
export interface HistogramResult extends Binned {
  readonly type: 'H1' | 'H2' | 'H3';
  readonly contents: Float64Array;
  /** Null where every fill had weight 1: then it equals `contents`. */
  readonly sumw2: Float64Array | null;
}
export interface ProfileResult extends Binned {
  readonly type: 'Profile';
  readonly bins: {
    readonly sumw: Float64Array;
    readonly sumwy: Float64Array;
    readonly sumwy2: Float64Array;
    readonly sumw2: Float64Array | null;
  };
}
export interface CounterResult extends Named {
  readonly type: 'counter';
  readonly value: number;
}
export interface ListResult extends Named {
  readonly type: 'list';
  readonly items: readonly unknown[];
}
export interface ObjectResult extends Named {
  readonly type: 'object';
  readonly value: unknown;
}
/** Rows of one packet, column by column in the order of `columns`. */
export type NtupleChunk = readonly (Float64Array | Float32Array | Int32Array | BigInt64Array | Uint8Array)[];
export interface NtupleResult extends Named {
  readonly type: 'ntuple';
  readonly columns: readonly { readonly name: string; readonly type: NtupleType }[];
  readonly entries: number;
  /** The rows, ordered by file position and entry; not printed. */
  readonly chunks: () => Iterable<NtupleChunk>;
}
export type OutputResult = HistogramResult | ProfileResult | CounterResult | ListResult | ObjectResult | NtupleResult;
