/**
 * A reading position in the little-endian envelopes of an RNTuple: frames know their length, so that what a later version adds behind
 * what we know is stepped over. Source: ROOT, tree/ntuple/doc/BinaryFormatSpecification.md, "Frames" and "Basic Types".
 */
import { CorruptFileError, type Place } from '../errors.js';
import { decodeText } from '../file/text.js';

export class FrameCursor {
  at: number;
  constructor(
    readonly bytes: Buffer,
    readonly place: Place,
    begin = 0,
    readonly end = bytes.length,
  ) {
    this.at = begin;
  }

  fail(why: string): never {
    throw new CorruptFileError(this.place, why);
  }

  #take(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.end)
      this.fail(`${length} bytes are wanted at byte ${at}, where ${this.end - at} are left`);
    this.at = at + length;
    return at;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }
  u32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }
  i32(): number {
    return this.bytes.readInt32LE(this.#take(4));
  }
  u64big(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }
  i64(): number {
    const value = Number(this.bytes.readBigInt64LE(this.#take(8)));
    return Number.isSafeInteger(value)
      ? value
      : this.fail(`the 64-bit number at byte ${this.at - 8} is impossibly large`);
  }
  /** A count or position. */
  u64(): number {
    const value = Number(this.u64big());
    return Number.isSafeInteger(value)
      ? value
      : this.fail(`the 64-bit number at byte ${this.at - 8} is impossibly large`);
  }
  f64(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }
  text(): string {
    const length = this.u32();
    const at = this.#take(length);
    return decodeText(this.bytes.subarray(at, at + length));
  }

  /** What stands in a record frame; the position moves behind it. */
  record<T>(read: (frame: FrameCursor) => T): T {
    const begin = this.at;
    const size = this.i64();
    if (size < 8 || begin + size > this.end) this.fail(`a record frame of ${size} bytes is claimed at byte ${begin}`);
    const inside = new FrameCursor(this.bytes, this.place, this.at, begin + size);
    this.at = begin + size;
    return read(inside);
  }

  /** The items of a list frame, and what may stand behind them in it. */
  list<T>(readItem: (frame: FrameCursor) => T, readRest?: (frame: FrameCursor) => void): T[] {
    const begin = this.at;
    const size = -this.i64();
    if (size < 12 || begin + size > this.end) this.fail(`a list frame of ${size} bytes is claimed at byte ${begin}`);
    const inside = new FrameCursor(this.bytes, this.place, this.at, begin + size);
    const count = inside.u32();
    this.at = begin + size;
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem(inside));
    readRest?.(inside);
    return items;
  }
}
