/**
 * Random numbers that depend on (seed, index) alone: `start(index)` begins the stream of that index, whatever was drawn before.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand: 128 bits of state, one of them a counter), its state hashed from
 * seed and index by the finaliser of MurmurHash3 (Austin Appleby). Same numbers on every machine; not for secrets.
 */
export class CounterRandom {
  readonly #seed: number;
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** @param seed a whole number */
  constructor(seed: number) {
    this.#seed = mix((seed | 0) ^ mix(Math.floor(seed / 2 ** 32) + 0x9e3779b9));
  }

  /** @param index a whole number from 0 to 2^53 */
  start(index: number): void {
    this.#a = mix(this.#seed ^ (index | 0));
    this.#b = mix(this.#a + Math.floor(index / 2 ** 32) + 0x6a09e667);
    this.#c = mix(this.#b ^ this.#seed);
    this.#counter = 1;
    // Twelve steps, as its author starts it, until each bit of the state has reached all others.
    for (let i = 0; i < 12; i++) this.uniform();
  }

  /** In (0, 1): never 0 and never 1, so that logarithms are finite. */
  uniform(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return ((sum >>> 0) + 0.5) / 2 ** 32;
  }

  /** Mean 0, standard deviation 1 (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
