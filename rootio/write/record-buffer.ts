/**
 * Bytes of one record as ROOT's TBuffer would stream them: big-endian, objects framed by byte count and version, classes
 * and objects that come again written as references to their first place.
 *
 * Source: ROOT, io/io/src/TBufferFile.cxx (WriteVersion, SetByteCount, WriteObjectClass, WriteClass), core/base/src/TString.cxx.
 */
import { RecordTooLargeError } from './write-errors.js';

const BYTE_COUNT = 0x40000000;
const NEW_CLASS = 0xffffffff;
const CLASS_REFERENCE = 0x80000000;
/** References count from two bytes before the record's first byte, so that 0 can mean null and 1 the top object. */
const REFERENCE_SHIFT = 2;

export class RecordBuffer {
  #bytes = Buffer.allocUnsafe(4096);
  #used = 0;
  readonly #classes = new Map<string, number>();

  /** @param keyLength bytes of the record's key: references count from its start */
  constructor(readonly keyLength = 0) {}

  get length(): number {
    return this.#used;
  }
  /** What was written so far; valid until the next write. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }
  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  i16(value: number): this {
    const at = this.#room(2);
    this.#bytes.writeUInt16BE(value & 0xffff, at);
    return this;
  }
  i32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value | 0, at);
    return this;
  }
  u32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeUInt32BE(value >>> 0, at);
    return this;
  }
  /** Whole numbers up to 2^53, and negative ones. */
  i64(value: number): this {
    const at = this.#room(8);
    this.#bytes.writeBigInt64BE(BigInt(value), at);
    return this;
  }
  f32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeFloatBE(value, at);
    return this;
  }
  f64(value: number): this {
    const at = this.#room(8);
    this.#bytes.writeDoubleBE(value, at);
    return this;
  }
  f64s(values: ArrayLike<number>): this {
    const at = this.#room(8 * values.length);
    for (let i = 0; i < values.length; i++) this.#bytes.writeDoubleBE(values[i]!, at + 8 * i);
    return this;
  }
  f32s(values: ArrayLike<number>): this {
    const at = this.#room(4 * values.length);
    for (let i = 0; i < values.length; i++) this.#bytes.writeFloatBE(values[i]!, at + 4 * i);
    return this;
  }
  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }
  zeros(count: number): this {
    const at = this.#room(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }

  /** TString: one length byte, or 255 and four. */
  text(value: string): this {
    const encoded = Buffer.from(value, 'utf8');
    if (encoded.length < 255) this.u8(encoded.length);
    else this.u8(255).i32(encoded.length);
    return this.raw(encoded);
  }

  /** A class's part of an object: byte count, version, then what `write` writes. */
  versioned(version: number, write: () => void): this {
    const start = this.#used;
    this.u32(0).i16(version);
    write();
    this.#setByteCount(start);
    return this;
  }

  /** TObject's part, which has no byte count. Bits 0x03000000 are kNotDeleted and kIsOnHeap. */
  tobject(bits = 0): this {
    return this.i16(1)
      .u32(0)
      .u32(0x03000000 | bits);
  }
  tnamed(name: string, title: string, bits = 0): this {
    return this.versioned(1, () => this.tobject(bits).text(name).text(title));
  }

  /** An object behind a pointer, with its class; `write` streams it. @returns what `reference` takes to name it again */
  object(className: string, write: () => void): number {
    const start = this.#used;
    this.u32(0);
    const known = this.#classes.get(className);
    if (known === undefined) {
      this.#classes.set(className, this.#referenceTo(this.#used));
      this.u32(NEW_CLASS).raw(Buffer.from(`${className}\0`, 'latin1'));
    } else this.u32(CLASS_REFERENCE | known);
    write();
    this.#setByteCount(start);
    return this.#referenceTo(start);
  }
  /** A pointer to an object written before, or null. */
  reference(object: number | null): this {
    return this.u32(object ?? 0);
  }

  /** TObjArray inside an object: `write` streams its `count` elements, each by `object` or `reference`. */
  objArray(count: number, write: () => void, bits = 0): this {
    return this.versioned(3, () => {
      this.tobject(bits).text('').i32(count).i32(0);
      write();
    });
  }
  /** TList; each element is followed by its (empty) option. */
  list<T>(items: readonly T[], write: (item: T) => void): this {
    return this.versioned(5, () => {
      this.tobject().text('').i32(items.length);
      for (const item of items) {
        write(item);
        this.u8(0);
      }
    });
  }

  #referenceTo(position: number): number {
    return this.keyLength + position + REFERENCE_SHIFT;
  }
  #setByteCount(start: number): void {
    if (this.#used - start >= BYTE_COUNT)
      throw new RecordTooLargeError('An object has 1 GB or more, which no ROOT file can hold; write it in parts.');
    this.#bytes.writeUInt32BE((BYTE_COUNT | (this.#used - start - 4)) >>> 0, start);
  }
  #room(count: number): number {
    const at = this.#used;
    this.#used += count;
    if (this.#used > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#used, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}
