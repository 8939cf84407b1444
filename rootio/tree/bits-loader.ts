/**
 * TObject's status bits, split off into a branch: four bytes, and two more (which process the object came from) where a TRef points to
 * the object. Source: ROOT, io/io/src/TStreamerInfoReadBuffer.cxx (kBits, HandleReferencedTObject).
 */
import { CorruptFileError, type Place } from '../errors.js';
import type { ColumnData } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';

/** TObject::kIsReferenced */
const IS_REFERENCED = 1 << 4;
const BITS_BYTES = 4;
const PROCESS_BYTES = 2;

export class BitsLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: number[] = [];
  #offsets: number[] = [0];
  /** @param isList each entry is a collection's, not one object's */
  constructor(readonly isList: boolean) {}

  begin(): void {
    this.#values = [];
    this.#offsets = [0];
  }

  add({ bytes, border, offsets, count }: BasketContents, { from, to }: Part, place: Place): void {
    const stride = border / count;
    for (let i = from; i < to; i++) {
      const end = offsets?.[i + 1] ?? (i + 1) * stride;
      let at = offsets?.[i] ?? i * stride;
      while (at + BITS_BYTES <= end) {
        const bits = bytes.readUInt32BE(at);
        this.#values.push(bits);
        at += BITS_BYTES + ((bits & IS_REFERENCED) === 0 ? 0 : PROCESS_BYTES);
      }
      if (at !== end)
        throw new CorruptFileError(place, `the status bits of its entry ${i} end at byte ${at}, not ${end}`);
      this.#offsets.push(this.#values.length);
      if (!this.isList && this.#values.length !== this.#offsets.length - 1)
        throw new CorruptFileError(place, `its entry ${i} does not hold the status bits of one object`);
    }
  }

  finish(): ColumnData {
    const values = Uint32Array.from(this.#values);
    if (!this.isList) return { kind: 'flat', values, length: 1 };
    return { kind: 'list', offsets: Int32Array.from(this.#offsets), values };
  }
}
