/**
 * One number member of records of fixed layout: a leaf of a leaf list, or a member of an object such as TLorentzVector, one an entry
 * (flat) or a vector of them (list).
 */
import { CorruptFileError, type Place, UnsupportedFileError } from '../errors.js';
import { numberArray } from '../number-type.js';
import type { ColumnData, NumberArray } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';
import type { FixedField } from './fixed-layout.js';

/** An object may begin with its byte count and version. */
const OBJECT_HEADER = 6;
/** Classes without ClassDef have version 0 and a checksum behind it. */
const FOREIGN_HEADER = 10;
/** Byte count, version and count of a vector. */
const VECTOR_HEADER = 10;
const MEMBERWISE = 0x4000;

export class StridedLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: NumberArray;
  #filled = 0;
  #offsets: number[] = [0];
  /** @param vector each entry is a vector of records, not one */
  constructor(
    readonly recordBytes: number,
    readonly field: FixedField,
    readonly vector: boolean,
  ) {
    this.#values = numberArray(field.format.type, 0);
  }

  begin(): void {
    this.#filled = 0;
    this.#offsets = [0];
  }

  add(basket: BasketContents, { from, to }: Part, place: Place): void {
    const { bytes, offsets, border } = basket;
    const stride = border / basket.count;
    for (let i = from; i < to; i++) {
      const begin = offsets?.[i] ?? i * stride;
      const end = offsets?.[i + 1] ?? (i + 1) * stride;
      if (this.vector) this.#addVector(bytes, begin, end, place);
      else this.#addRecord(bytes, begin, end - begin, place);
    }
  }

  #addVector(bytes: Buffer, begin: number, end: number, place: Place): void {
    if (end - begin < VECTOR_HEADER) throw new CorruptFileError(place, 'an entry is too short for a vector');
    if ((bytes.readUInt16BE(begin + 4) & MEMBERWISE) !== 0) this.#addMemberwise(bytes, begin, end, place);
    else {
      const count = bytes.readUInt32BE(begin + 6);
      const stride = count === 0 ? 0 : (end - begin - VECTOR_HEADER) / count;
      for (let k = 0; k < count; k++) this.#addRecord(bytes, begin + VECTOR_HEADER + k * stride, stride, place);
    }
    this.#offsets.push(this.#filled);
  }

  /** One member of all the records, then the next. Ahead of the count stand the class version, or 0 or less and a checksum. */
  #addMemberwise(bytes: Buffer, begin: number, end: number, place: Place): void {
    const countAt = begin + 8 + (bytes.readInt16BE(begin + 6) <= 0 ? 4 : 0);
    const count = countAt + 4 <= end ? bytes.readUInt32BE(countAt) : -1;
    const start = countAt + 4;
    if (start + count * this.recordBytes !== end)
      throw new UnsupportedFileError(
        place,
        `${count} records take ${end - start} bytes, where their class says ${this.recordBytes} each`,
      );
    const { format, offset, length, member } = this.field;
    this.#reserve(count * length);
    const column = start + member.offset * count + (offset - member.offset);
    for (let k = 0; k < count; k++) {
      format.decode(bytes, column + k * member.bytes, length, this.#values, this.#filled);
      this.#filled += length;
    }
  }

  #addRecord(bytes: Buffer, begin: number, length: number, place: Place): void {
    const header = length - this.recordBytes;
    if (header !== 0 && header !== OBJECT_HEADER && header !== FOREIGN_HEADER)
      throw new UnsupportedFileError(place, `a record takes ${length} bytes, where its class says ${this.recordBytes}`);
    const { format, offset } = this.field;
    this.#reserve(this.field.length);
    format.decode(bytes, begin + header + offset, this.field.length, this.#values, this.#filled);
    this.#filled += this.field.length;
  }

  finish(): ColumnData {
    const values = this.#values.subarray(0, this.#filled);
    if (!this.vector) return { kind: 'flat', values, length: this.field.length };
    return { kind: 'list', offsets: Int32Array.from(this.#offsets), values };
  }

  #reserve(more: number): void {
    if (this.#filled + more <= this.#values.length) return;
    const grown = numberArray(this.field.format.type, Math.max(this.#filled + more, this.#values.length * 2));
    (grown as Uint8Array).set(this.#values as Uint8Array);
    this.#values = grown;
  }
}
