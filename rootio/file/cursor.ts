/** A reading position in big-endian bytes that knows where they came from: whatever reaches over their end is a CorruptFileError. */

import { CorruptFileError, type Place } from '../errors.js';
import { decodeText } from './text.js';

export class Cursor {
  at = 0;
  constructor(
    readonly bytes: Buffer,
    readonly place: Place,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** @throws {CorruptFileError} */
  fail(why: string): never {
    throw new CorruptFileError(this.place, why);
  }

  #take(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.bytes.length)
      this.fail(`${length} bytes are wanted at byte ${at}, where ${this.bytes.length - at} are left`);
    this.at = at + length;
    return at;
  }

  skip(length: number): void {
    this.#take(length);
  }
  u8(): number {
    return this.bytes[this.#take(1)]!;
  }
  i8(): number {
    return this.bytes.readInt8(this.#take(1));
  }
  u16(): number {
    return this.bytes.readUInt16BE(this.#take(2));
  }
  i16(): number {
    return this.bytes.readInt16BE(this.#take(2));
  }
  u32(): number {
    return this.bytes.readUInt32BE(this.#take(4));
  }
  i32(): number {
    return this.bytes.readInt32BE(this.#take(4));
  }
  /** A 64-bit position or count. @throws {CorruptFileError} at 2^53 and above, which no file reaches */
  u64(): number {
    const high = this.u32();
    const value = high * 2 ** 32 + this.u32();
    if (high >= 2 ** 21) this.fail(`the 64-bit number at byte ${this.at - 8} is impossibly large`);
    return value;
  }
  f64(): number {
    return this.bytes.readDoubleBE(this.#take(8));
  }
  take(length: number): Buffer {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }
  /** TString: one byte of length, or 255 and four of them. */
  string(): string {
    let length = this.u8();
    if (length === 255) length = this.u32();
    return decodeText(this.take(length));
  }
}
