/** Whose results have to go when a user keeps more than the quota: those that were archived first, then the oldest that finished. Pure. */
export interface KeptResult {
  readonly query: string;
  readonly endedAt: number;
  readonly bytes: number;
  /** The user has it in a file. */
  readonly isArchived: boolean;
}
export interface ResultQuota {
  readonly maxQueries: number;
  readonly maxBytes: number;
}

export function pastQuota(kept: readonly KeptResult[], quota: ResultQuota): KeptResult[] {
  const order = kept.toSorted((a, b) => Number(b.isArchived) - Number(a.isArchived) || a.endedAt - b.endedAt);
  let n = kept.length;
  let bytes = kept.reduce((sum, result) => sum + result.bytes, 0);
  const going: KeptResult[] = [];
  for (const result of order) {
    if (n <= quota.maxQueries && bytes <= quota.maxBytes) break;
    going.push(result);
    n--;
    bytes -= result.bytes;
  }
  return going;
}

/** The sentence for a user whose next results will push out old ones; undefined: there is room. */
export function nearQuota(kept: readonly KeptResult[], { maxQueries, maxBytes }: ResultQuota): string | undefined {
  const bytes = kept.reduce((sum, result) => sum + result.bytes, 0);
  if (kept.length < 0.9 * maxQueries && bytes < 0.9 * maxBytes) return undefined;
  const megabytes = (nbytes: number): string => `${Math.round(nbytes / 1e6)} MB`;
  const used = `${kept.length} of ${maxQueries} results, ${megabytes(bytes)} of ${megabytes(maxBytes)}`;
  return `You keep ${used}: the next ones take the place of the oldest. "proof archive" saves one, "proof remove" makes room.`;
}
