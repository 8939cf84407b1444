/**
 * Random numbers that depend on nothing but (seed, position of the file in the data set, entry): the same entry draws the same
 * numbers in whatever process, packet or attempt it is processed.
 *
 * The generator is Blackman and Vigna's xoshiro128**; its four words are the five words of (seed, file position, entry) mixed by
 * MurmurHash3's rounds and finalizer. Uniform numbers have 53 bits. Normal and exponential numbers go through Math.log, cos and
 * sin, which every V8 computes in software alike.
 * Source: prng.di.unimi.it/xoshiro128starstar.c; A. Appleby, MurmurHash3 (public domain both).
 */
export class EntryRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #spare = Number.NaN;

  constructor(readonly seed: number) {}

  /** Starts the stream of one entry. */
  start(filePosition: number, entry: number): this {
    const words = [this.seed, Math.floor(this.seed / 2 ** 32), filePosition, entry, Math.floor(entry / 2 ** 32)];
    const word = (salt: number): number => {
      let hash = salt;
      for (const w of words) hash = round(hash, w);
      return finish(hash ^ (4 * words.length));
    };
    this.#a = word(0x9e3779b9);
    this.#b = word(0x243f6a88);
    this.#c = word(0xb7e15162);
    this.#d = word(0x6a09e667) | 1; // never all zero
    this.#spare = Number.NaN;
    return this;
  }

  /** 32 random bits as a whole number. */
  bits(): number {
    const m = Math.imul(this.#b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** In [min, max). */
  uniform(min = 0, max = 1): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return min + (max - min) * ((high * 2 ** 26 + low) / 2 ** 53);
  }

  /** A whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normally distributed (Box and Muller, both numbers used). */
  gauss(mean = 0, sigma = 1): number {
    const spare = this.#spare;
    this.#spare = Number.NaN;
    if (!Number.isNaN(spare)) return mean + sigma * spare;
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return mean + sigma * radius * Math.cos(angle);
  }

  exponential(mean = 1): number {
    return -mean * Math.log(1 - this.uniform());
  }
}

function round(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
