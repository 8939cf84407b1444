/**
 * Looks at one site that fail one after the other. A batch system that is down fails each of them, every few seconds: the log is told when
 * that begins, when the reason changes and when it is over; people are told for as long as it lasts. Pure.
 */
export class FailedLooks {
  #since: Date | undefined;
  #n = 0;
  #why = '';

  /** @returns is this news? */
  failed(why: string, at: Date): boolean {
    const isNew = this.#n === 0 || why !== this.#why;
    this.#since ??= at;
    this.#n++;
    this.#why = why;
    return isNew;
  }

  /** @returns how many failed before this one; 0: that is no news */
  succeeded(): number {
    const n = this.#n;
    this.#since = undefined;
    this.#n = 0;
    return n;
  }

  /** null: the last one succeeded. */
  get sentence(): string | null {
    return this.#since === undefined
      ? null
      : `cannot be looked at since ${this.#since.toISOString().slice(0, 19)}Z: ${this.#why}`;
  }
}
