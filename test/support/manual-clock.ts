/** A clock that a test turns by hand: timers run in order, at their exact time, inside `advance`. */
import type { Clock } from '../../protocol/clock.js';

export class ManualClock implements Clock {
  #now = 0;
  readonly #start = Date.parse('2026-01-01T00:00:00Z');
  #timers: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#start + this.#now);
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that are set and not cancelled: a test that ends with some has found a leak. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Time passes while nothing runs, as when the process is stopped: what was due meanwhile runs late, at the end. */
  stall(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }
}
