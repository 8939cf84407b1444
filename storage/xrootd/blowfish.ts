/**
 * Blowfish in 64-bit cipher feedback, as the shared-secret login of XRootD needs it: OpenSSL 3 has it only in its legacy
 * provider, which Node does not load. The cipher's tables are by definition the hexadecimal digits of pi behind the point,
 * so they are computed once (a few milliseconds) instead of listed.
 * Source: B. Schneier, Description of a New Variable-Length Key, 64-Bit Block Cipher (FSE 1993).
 */
const ROUNDS = 16;
const SUBKEYS = ROUNDS + 2;
const BOX_WORDS = 256;
const PI_WORDS = SUBKEYS + 4 * BOX_WORDS;

let piWords: Uint32Array | undefined;

/** The first 33 344 bits of pi's fraction, by Machin's formula in fixed point with 64 bits to spare. */
function wordsOfPi(): Uint32Array {
  if (piWords !== undefined) return piWords;
  const one = 1n << BigInt(PI_WORDS * 32 + 64);
  const arctanOfInverse = (x: bigint): bigint => {
    let sum = 0n;
    let power = one / x;
    for (let n = 1n, sign = 1n; power > 0n; n += 2n, sign = -sign) {
      sum += (sign * power) / n;
      power /= x * x;
    }
    return sum;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const digits = ((pi - 3n * one) >> 64n).toString(16).padStart(PI_WORDS * 8, '0');
  piWords = Uint32Array.from({ length: PI_WORDS }, (_, i) => Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16));
  return piWords;
}

export class Blowfish {
  readonly #p: Uint32Array;
  readonly #s: Uint32Array;
  #left = 0;
  #right = 0;

  /** @param key 4 to 56 bytes as the cipher has it; longer ones are used up to their 72nd byte */
  constructor(key: Buffer) {
    if (key.length === 0) throw new RangeError('a Blowfish key has at least one byte');
    const pi = wordsOfPi();
    this.#p = pi.slice(0, SUBKEYS);
    this.#s = pi.slice(SUBKEYS);
    for (let i = 0, at = 0; i < SUBKEYS; i++) {
      let word = 0;
      for (let byte = 0; byte < 4; byte++, at = (at + 1) % key.length) word = (word << 8) | key[at]!;
      this.#p[i] = this.#p[i]! ^ word;
    }
    for (const table of [this.#p, this.#s])
      for (let i = 0; i < table.length; i += 2) {
        this.#encipher();
        table[i] = this.#left;
        table[i + 1] = this.#right;
      }
  }

  /** Cipher feedback with 64-bit blocks and an initial vector of zeros. */
  encryptCfb(plain: Buffer): Buffer {
    const out = Buffer.alloc(plain.length);
    const feedback = Buffer.alloc(8);
    for (let at = 0; at < plain.length; at += 8) {
      this.#left = feedback.readUInt32BE(0);
      this.#right = feedback.readUInt32BE(4);
      this.#encipher();
      feedback.writeUInt32BE(this.#left >>> 0, 0);
      feedback.writeUInt32BE(this.#right >>> 0, 4);
      for (let i = 0; i < 8 && at + i < plain.length; i++) {
        feedback[i] = feedback[i]! ^ plain[at + i]!;
        out[at + i] = feedback[i]!;
      }
    }
    return out;
  }

  #encipher(): void {
    const p = this.#p;
    const s = this.#s;
    let left = this.#left;
    let right = this.#right;
    for (let round = 0; round < ROUNDS; round++) {
      left ^= p[round]!;
      const mixed =
        ((s[left >>> 24]! + s[256 + ((left >>> 16) & 255)]!) ^ s[512 + ((left >>> 8) & 255)]!) + s[768 + (left & 255)]!;
      const next = right ^ mixed;
      right = left;
      left = next;
    }
    this.#left = (right ^ p[ROUNDS + 1]!) >>> 0;
    this.#right = (left ^ p[ROUNDS]!) >>> 0;
  }
}
