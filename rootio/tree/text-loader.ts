/** Columns of text, one or any number an entry: characters behind their length (one byte, or 255 and four). */
import { CorruptFileError, type Place } from '../errors.js';
import { decodeText } from '../file/text.js';
import type { ColumnData } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';

/** How the length ahead of a text is written: TString and std::string, or char*. */
export type TextLength = 'short' | 'int32';

/** Where a text's characters begin and end. */
function textSpan(
  bytes: Buffer,
  at: number,
  end: number,
  place: Place,
  kind: TextLength,
): { begin: number; end: number } {
  if (kind === 'int32') return span(at + 4, at + 4 <= end ? bytes.readUInt32BE(at) : -1, end, place);
  const short = at < end ? bytes[at]! : -1;
  const isLong = short === 255;
  const length = isLong && at + 5 <= end ? bytes.readUInt32BE(at + 1) : short;
  return span(at + (isLong ? 5 : 1), length, end, place);
}

function span(begin: number, length: number, end: number, place: Place): { begin: number; end: number } {
  if (length < 0 || begin + length > end)
    throw new CorruptFileError(place, `a text of ${length} bytes is claimed where ${end - begin} are`);
  return { begin, end: begin + length };
}

/** One text an entry. */
export class TextLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: string[] = [];
  /** @param header bytes ahead of each text's length */
  constructor(
    readonly header: number,
    readonly length: TextLength = 'short',
  ) {}

  begin(): void {
    this.#values = [];
  }

  add(basket: BasketContents, { from, to }: Part, place: Place): void {
    const { bytes, border } = basket;
    const offsets = basket.offsets ?? this.#scan(bytes, border, to, place);
    for (let i = from; i < to; i++) {
      const at = offsets[i]! + this.header;
      const end = offsets[i + 1]!;
      if (at >= end) this.#values.push('');
      else {
        const text = textSpan(bytes, at, end, place, this.length);
        this.#values.push(decodeText(bytes.subarray(text.begin, text.end)));
      }
    }
  }

  finish(): ColumnData {
    return { kind: 'string', values: this.#values };
  }

  /** Baskets without offsets: the texts follow one another. */
  #scan(bytes: Buffer, border: number, count: number, place: Place): Int32Array {
    const offsets = new Int32Array(count + 1);
    for (let i = 0; i < count; i++)
      offsets[i + 1] = textSpan(bytes, offsets[i]! + this.header, border, place, this.length).end;
    return offsets;
  }
}

/**
 * Texts of a `vector<string>` (behind a header and their count), or of the elements of a split collection (without a count: they end
 * where the entry ends).
 */
export class TextsLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: string[] = [];
  #offsets: number[] = [0];
  constructor(
    readonly header: number,
    readonly counted: boolean,
  ) {}

  begin(): void {
    this.#values = [];
    this.#offsets = [0];
  }

  add({ bytes, offsets }: BasketContents, { from, to }: Part, place: Place): void {
    if (offsets === undefined) throw new CorruptFileError(place, 'it does not say where its entries begin');
    for (let i = from; i < to; i++) {
      const end = offsets[i + 1]!;
      let at = offsets[i]! + this.header;
      let left = Number.MAX_SAFE_INTEGER;
      if (this.counted) {
        if (at + 4 > end) throw new CorruptFileError(place, `its entry ${i} is too short for a count`);
        left = bytes.readUInt32BE(at);
        at += 4;
      }
      for (; left > 0 && (at < end || this.counted); left--) {
        const text = textSpan(bytes, at, end, place, 'short');
        this.#values.push(decodeText(bytes.subarray(text.begin, text.end)));
        at = text.end;
      }
      this.#offsets.push(this.#values.length);
    }
  }

  finish(): ColumnData {
    return { kind: 'strings', offsets: Int32Array.from(this.#offsets), values: this.#values };
  }
}
