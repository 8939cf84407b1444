/**
 * A histogram as plain data, ready to be written: what analysis hands over, free of anybody's classes.
 */
export type HistogramClass = 'TH1D' | 'TH1F' | 'TH2D' | 'TH2F' | 'TH3D' | 'TH3F' | 'TProfile';

export interface AxisData {
  readonly nbins: number;
  readonly min: number;
  readonly max: number;
  /** nbins + 1 ascending edges, or null for bins of one width. */
  readonly edges: ArrayLike<number> | null;
  readonly title: string;
}

export interface HistogramData {
  readonly className: HistogramClass;
  readonly name: string;
  readonly title: string;
  /** One, two or three, as the class says; a profile has one. */
  readonly axes: readonly AxisData[];
  /** Of what the cells hold: the title of the first axis that the histogram has no bins on. */
  readonly valueTitle?: string;
  /** All cells with under- and overflow, x running fastest: the product of (nbins + 2). Of a profile: not read, see `bins`. */
  readonly contents: ArrayLike<number>;
  /** Sums of squared weights, cell by cell, or null where the errors are the square roots of the contents. */
  readonly sumw2: ArrayLike<number> | null;
  readonly entries: number;
  /**
   * Sums over fills in range, in the order of TH1::GetStats: sumw, sumw2, sumwx, sumwx2; then of a profile sumwy, sumwy2;
   * in two dimensions sumwy, sumwy2, sumwxy; in three also sumwz, sumwz2, sumwxz, sumwyz.
   */
  readonly stats: readonly number[];
  /** Of a profile only: sums a bin, with under- and overflow. */
  readonly bins?: {
    readonly sumw: ArrayLike<number>;
    readonly sumwy: ArrayLike<number>;
    readonly sumwy2: ArrayLike<number>;
    readonly sumw2: ArrayLike<number>;
  };
}
