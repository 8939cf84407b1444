/**
 * How fast each worker is, in entries a millisecond: its packets' entries over their time, an old packet counting half of the next.
 * A worker that has done nothing yet is taken for an average one.
 */
interface Rate {
  entries: number;
  wallMs: number;
  /** The longest packet it has finished: the next may be a few times as long, not more. */
  longest: number;
}
const MEMORY = 0.5;
/** A clock's tick may show a short packet as 0 ms. */
const LEAST_MS = 0.01;

export class WorkerRates {
  readonly #rates = new Map<string, Rate>();
  readonly #workers = new Set<string>();

  join(worker: string): void {
    this.#workers.add(worker);
  }
  leave(worker: string): void {
    this.#workers.delete(worker);
    this.#rates.delete(worker);
  }
  get size(): number {
    return this.#workers.size;
  }
  workers(): Iterable<string> {
    return this.#workers;
  }

  learn(worker: string, entries: number, wallMs: number): void {
    if (!this.#workers.has(worker)) return;
    const old = this.#rates.get(worker) ?? { entries: 0, wallMs: 0, longest: 0 };
    this.#rates.set(worker, {
      entries: old.entries * MEMORY + entries,
      wallMs: old.wallMs * MEMORY + Math.max(wallMs, LEAST_MS),
      longest: Math.max(old.longest, entries),
    });
  }

  /** Entries a ms; undefined while nobody has finished a packet. */
  of(worker: string): number | undefined {
    const rate = this.#rates.get(worker);
    return rate === undefined ? this.average() : rate.entries / rate.wallMs;
  }
  longestOf(worker: string): number {
    return this.#rates.get(worker)?.longest ?? 0;
  }
  average(): number | undefined {
    if (this.#rates.size === 0) return undefined;
    let sum = 0;
    for (const { entries, wallMs } of this.#rates.values()) sum += entries / wallMs;
    return sum / this.#rates.size;
  }
  /** Of all workers together. */
  total(): number | undefined {
    const average = this.average();
    return average === undefined ? undefined : average * this.#workers.size;
  }
}
