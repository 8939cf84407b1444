/**
 * Appends records to a file: key, then contents, compressed or not. Knows the bytes of a record and of a basket, nothing of
 * what they mean.
 *
 * Source: ROOT, io/doc/TFile/datarecord.md, tree/tree/src/TBasket.cxx (Streamer: what a basket keeps in its key).
 */
import type { BlockCompressor } from './block-compressor.js';
import type { Basket, StoredBasket } from './branch-writer.js';
import type { ByteSink } from './byte-sink.js';
import { RecordBuffer } from './record-buffer.js';
import { BIG_FILE_START, keyLength, type RecordKey, writeKey } from './record-key.js';

/** What the caller decides of a key; place, lengths and time are added here. */
export type RecordName = Omit<RecordKey, 'seekKey' | 'objectLength' | 'nbytes' | 'datime'>;

/** What TBasket adds to its key: version, sizes, number of entries, end of the values, a flag. */
const BASKET_KEY_BYTES = 19;
const BASKET_VERSION = 3;
/** ROOT's starting length of a basket's table of entry offsets. */
const OFFSET_TABLE = 1000;

export class RecordAppender {
  constructor(
    readonly sink: ByteSink,
    readonly compressor: BlockCompressor,
    readonly datime: number,
  ) {}

  /** The contents are streamed before the key, because it states their length; references in them count from the key's start. */
  append(name: RecordName, write: (buffer: RecordBuffer) => void, isCompressed = false): RecordKey {
    const seekKey = this.sink.position;
    const length = keyLength({ ...name, seekKey });
    const contents = new RecordBuffer(length);
    write(contents);
    const packed = isCompressed ? this.compressor.compress(contents.bytes) : contents.bytes;
    const sizes = { objectLength: contents.length, nbytes: length + packed.length };
    const key: RecordKey = { ...name, ...sizes, seekKey, datime: this.datime };
    this.sink.append(writeKey(new RecordBuffer(), key).bytes);
    this.sink.append(packed);
    return key;
  }

  appendBasket(basket: Basket, treeName: string, seekDirectory: number): StoredBasket {
    const seekKey = this.sink.position;
    const names = { className: 'TBasket', name: basket.branch, title: treeName };
    const length = keyLength({ ...names, seekKey }) + BASKET_KEY_BYTES;
    const contents = basketContents(basket, length);
    const packed = this.compressor.compress(contents);
    const nbytes = length + packed.length;
    const place = { cycle: basket.index & 0x7fff, seekKey, seekDirectory, datime: this.datime };
    const key = { ...names, ...place, objectLength: contents.length, nbytes };
    const header = writeKey(new RecordBuffer(), key, BASKET_KEY_BYTES);
    const end = length + basket.values.length;
    const perEntry = basket.starts === null ? basket.entryBytes : Math.max(OFFSET_TABLE, basket.entries + 1);
    header.i16(BASKET_VERSION).i32(end).i32(perEntry).i32(basket.entries).i32(end).u8(0);
    this.sink.append(header.bytes);
    this.sink.append(packed);
    return { seek: seekKey, nbytes, unpackedBytes: length + contents.length };
  }

  /** A record that states where it ends itself: its contents differ in length on the two sides of 2 GB. */
  appendEnd(
    name: RecordName,
    lengths: { small: number; big: number },
    write: (buffer: RecordBuffer, end: number) => void,
  ) {
    const start = this.sink.position;
    return this.append(name, (buffer) => {
      const end = start + buffer.keyLength + lengths.small;
      write(buffer, end > BIG_FILE_START ? start + buffer.keyLength + lengths.big : end);
    });
  }
}

/** Values, then for entries of varying length how many offsets follow, each entry's offset from the key's start, and 0. */
function basketContents({ values, starts, entries }: Basket, keyBytes: number): Buffer {
  if (starts === null) return values;
  const contents = Buffer.allocUnsafe(values.length + 4 * (entries + 2));
  values.copy(contents);
  let at = contents.writeInt32BE(entries + 1, values.length);
  for (const start of starts) at = contents.writeInt32BE(start + keyBytes, at);
  contents.writeInt32BE(0, at);
  return contents;
}
