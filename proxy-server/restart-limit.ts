/** How often what dies is started again: at most `most` times within `withinMs`, so that what cannot live is not started for ever, or ever later. Pure. */
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

/** @returns ms to wait before the next start of what is started for ever: twice as long for each of the `restarts` that still count */
export function restartPause(restarts: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** Math.max(0, restarts - 1), longestMs);
}
