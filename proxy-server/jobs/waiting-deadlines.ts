/** MaxWaitingTime of the jobs that have one, so that nobody is asked for before the first of them is due. Pure. */
export class WaitingDeadlines {
  readonly #untils = new Map<number, number>();
  /** The earliest of them. */
  #first = Number.POSITIVE_INFINITY;

  add(jobId: number, untilMs: number): void {
    this.#untils.set(jobId, untilMs);
    this.#first = Math.min(this.#first, untilMs);
  }

  /** Jobs that still wait and have waited for too long; they are forgotten here. */
  due(nowMs: number, isWaiting: (jobId: number) => boolean): number[] {
    if (this.#first > nowMs) return [];
    this.#first = Number.POSITIVE_INFINITY;
    const found: number[] = [];
    for (const [jobId, until] of this.#untils) {
      if (until > nowMs && isWaiting(jobId)) {
        this.#first = Math.min(this.#first, until);
        continue;
      }
      this.#untils.delete(jobId);
      if (isWaiting(jobId)) found.push(jobId);
    }
    return found;
  }
}
