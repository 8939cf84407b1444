/** How often what dies is started again: at most `most` times within `withinMs`, so that what cannot live is not started for ever. Pure. */
export interface RestartLimit {
  readonly most: number;
  readonly withinMs: number;
}

/** @param before times of earlier restarts, ms. @returns them with this one, without those that no longer count; undefined: no more */
export function restartAt(
  now: number,
  before: readonly number[],
  { most, withinMs }: RestartLimit,
): number[] | undefined {
  const counting = before.filter((at) => now - at < withinMs);
  return counting.length < most ? [...counting, now] : undefined;
}
