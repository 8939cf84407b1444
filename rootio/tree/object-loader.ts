/** Anything else, an entry at a time, through JSROOT's streamers: the general and slow way. */
import { CorruptFileError, type Place, UnsupportedFileError } from '../errors.js';
import type { ObjectStreamer, ValueReader } from '../jsroot/structure.js';
import type { ColumnData } from '../table.js';
import type { BasketContents } from './basket.js';
import type { ColumnLoader, Part } from './column-loader.js';

export class ObjectLoader implements ColumnLoader {
  readonly wantsOffsets = true;
  #values: unknown[] = [];
  constructor(
    readonly streamer: ObjectStreamer,
    readonly read: ValueReader,
  ) {}

  begin(): void {
    this.#values = [];
  }

  add(basket: BasketContents, { from, to }: Part, place: Place): void {
    const { bytes, offsets, border, keylen, count } = basket;
    for (let i = from; i < to; i++) {
      const begin = offsets?.[i] ?? (i * border) / count;
      const end = offsets?.[i + 1] ?? ((i + 1) * border) / count;
      try {
        this.#values.push(this.streamer.valueIn(bytes, { begin, end, keylen }, this.read));
      } catch (error) {
        if (error instanceof CorruptFileError) throw error;
        const why = (error as Error).message;
        throw new UnsupportedFileError(
          place,
          `its entry ${i} is not laid out as the file describes the class (${why}): a streamer of its own wrote it, or the bytes are damaged`,
          { cause: error },
        );
      }
    }
  }

  finish(): ColumnData {
    return { kind: 'object', values: this.#values };
  }
}
