/**
 * How much one peer may ask of a server: connections that have not shown yet who they are, by address; requests, by user, or by address
 * where a request was refused. Pure; time is passed in; memory is bounded by the number of open connections and of active users.
 *
 * Connections that are known (an accepted token, a link of an agent or worker) are not counted: a whole site may come from one address.
 */

export interface PeerLimitsOptions {
  readonly strangersPerAddress: number;
  /** Requests at once, and how many come back a second. */
  readonly burst: number;
  readonly perSecond: number;
}

export const PEER_LIMITS: PeerLimitsOptions = { strangersPerAddress: 256, burst: 5000, perSecond: 2000 };
/** Of those that were refused. */
export const REFUSED_LIMITS = { burst: 200, perSecond: 10 } as const;

interface Bucket {
  left: number;
  at: number;
}

const SWEEP_AT = 10_000;

/** Token buckets by name. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ burst, perSecond }: { burst: number; perSecond: number }) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
  }

  /** Takes one. @returns false: there was none left */
  take(name: string, nowMs: number): boolean {
    if (this.#buckets.size >= SWEEP_AT) this.#sweep(nowMs);
    const bucket = this.#buckets.get(name) ?? { left: this.#burst, at: nowMs };
    bucket.left = this.#refilled(bucket, nowMs);
    bucket.at = nowMs;
    this.#buckets.set(name, bucket);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #refilled({ left, at }: Bucket, nowMs: number): number {
    return Math.min(this.#burst, left + (nowMs - at) * this.#perMs);
  }

  /** Full ones say nothing; if most are in use, the oldest go: down to half, so that this is seldom. */
  #sweep(nowMs: number): void {
    for (const [name, bucket] of this.#buckets)
      if (this.#refilled(bucket, nowMs) >= this.#burst) this.#buckets.delete(name);
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size <= SWEEP_AT / 2) return;
      this.#buckets.delete(name);
    }
  }
}

/** Connections of peers that have not shown who they are. */
export class Strangers {
  readonly #most: number;
  readonly #byAddress = new Map<string, number>();

  constructor({ strangersPerAddress }: Pick<PeerLimitsOptions, 'strangersPerAddress'>) {
    this.#most = strangersPerAddress;
  }

  /** @returns false: not one more of that address */
  enter(address: string): boolean {
    const n = this.#byAddress.get(address) ?? 0;
    if (n >= this.#most) return false;
    this.#byAddress.set(address, n + 1);
    return true;
  }

  /** It is gone, or known now. */
  leave(address: string): void {
    const n = (this.#byAddress.get(address) ?? 0) - 1;
    if (n > 0) this.#byAddress.set(address, n);
    else this.#byAddress.delete(address);
  }

  of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}
