/** Columns of text: a TLeafC's characters or a std::string, each behind its length (one byte, or 255 and four). */
import { CorruptFileError, type Place } from '../errors.js';
import { decodeText } from '../file/cursor.js';
import type { ColumnData } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';

export class TextLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: string[] = [];
  /** @param header bytes ahead of each text's length */
  constructor(readonly header: number) {}

  begin(): void {
    this.#values = [];
  }

  add({ bytes, offsets }: BasketContents, { from, to }: Part, place: Place): void {
    if (offsets === undefined) throw new CorruptFileError(place, 'it does not say where its entries begin');
    for (let i = from; i < to; i++) this.#values.push(textAt(bytes, offsets[i]! + this.header, offsets[i + 1]!, place));
  }

  finish(): ColumnData {
    return { kind: 'string', values: this.#values };
  }
}

function textAt(bytes: Buffer, begin: number, end: number, place: Place): string {
  if (begin >= end) return '';
  const long = bytes[begin] === 255;
  const length = long && begin + 5 <= end ? bytes.readUInt32BE(begin + 1) : bytes[begin]!;
  const at = begin + (long ? 5 : 1);
  if (at + length > end)
    throw new CorruptFileError(place, `a text of ${length} bytes is claimed where ${end - at} are`);
  return decodeText(bytes.subarray(at, at + length));
}
