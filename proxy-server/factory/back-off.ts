/**
 * Back-off of one site: after a failure fewer pilots a cycle (half as many each time), after several a pause, then one
 * single pilot as a probe. A pilot that registers ends it. Pure: the time comes in, wall milliseconds since 1970, so that a
 * pause is shown to people and outlives a restart of the ProxyServer.
 */
export interface BackOffState {
  /** Failures since a pilot last registered. */
  readonly failures: number;
  /** Nothing is submitted before; ms since 1970, null: no pause. */
  readonly until: number | null;
  readonly lastFailure: string | null;
}

export interface BackOffLimits {
  /** The first pause; each further failure doubles it. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

export const NO_BACK_OFF: BackOffState = { failures: 0, until: null, lastFailure: null };

export function afterFailure(state: BackOffState, why: string, nowMs: number, limits: BackOffLimits): BackOffState {
  const failures = state.failures + 1;
  const pauseMs = Math.min(limits.maxPauseMs, limits.pauseMs * 2 ** Math.min(failures - 1, 30));
  return { failures, until: nowMs + pauseMs, lastFailure: why };
}

/** How many pilots the site may get at this moment: all, half for each failure, none in a pause, one as a probe. */
export function allowance(state: BackOffState, maxPerCycle: number, waiting: number, nowMs: number): number {
  if (state.failures === 0) return maxPerCycle;
  if (state.until !== null && nowMs < state.until) return 0;
  const halved = Math.floor(maxPerCycle / 2 ** Math.min(state.failures, 30));
  if (halved >= 1) return halved;
  return waiting > 0 ? 0 : 1; // one probe at a time
}
