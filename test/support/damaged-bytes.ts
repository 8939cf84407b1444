/** Ways to spoil bytes, the same ones from the same seed. */
export class Damage {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  /** In place: one bit turned over, or four bytes set to a number that lies. */
  strike(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const at = this.below(bytes.length);
    if (this.below(2) === 0 || at + 4 > bytes.length) bytes[at]! ^= 1 << this.below(8);
    else new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, LIES[this.below(LIES.length)]!);
  }
}

const LIES = [0xffffffff, 0x7fffffff, 0x80000000, 0x40000000, 0x3fffffff, 0x00ffffff, 0];
