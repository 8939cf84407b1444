/** How long a payload has run, without the time that it was suspended, and what it may still lose. Pure: time is passed in. */

/** At the end of a slot, for saving and tidying up: what the matchmaker keeps back as well (agent-ad.ts). */
const RESERVE_MS = 60_000;

/** Time that it may still lose to others and yet end before its slot does; infinite without an end. @param slotEnd ms since 1970, as `nowMs` */
export function spareMs({ slotEnd, nowMs, toRunS }: { slotEnd: number | null; nowMs: number; toRunS: number }): number {
  return slotEnd === null ? Number.POSITIVE_INFINITY : Math.max(0, slotEnd - nowMs - RESERVE_MS - toRunS * 1000);
}

/** In monotonic ms. */
export class RunTime {
  #startedAt: number | null;
  #suspendedAt: number | null;
  #suspendedMs: number;

  constructor(from: { startedAt: number | null; suspendedAt: number | null; suspendedMs: number }) {
    this.#startedAt = from.startedAt;
    this.#suspendedAt = from.suspendedAt;
    this.#suspendedMs = from.suspendedMs;
  }

  get startedAt(): number | null {
    return this.#startedAt;
  }
  get suspendedAt(): number | null {
    return this.#suspendedAt;
  }
  /** Of the suspensions that are over. */
  get suspendedMs(): number {
    return this.#suspendedMs;
  }

  start(nowMs: number): void {
    this.#startedAt ??= nowMs;
  }
  suspend(nowMs: number): void {
    this.#suspendedAt ??= nowMs;
  }
  continue(nowMs: number): void {
    if (this.#suspendedAt === null) return;
    this.#suspendedMs += nowMs - this.#suspendedAt;
    this.#suspendedAt = null;
  }

  seconds(nowMs: number): number {
    if (this.#startedAt === null) return 0;
    return ((this.#suspendedAt ?? nowMs) - this.#startedAt - this.#suspendedMs) / 1000;
  }
}
