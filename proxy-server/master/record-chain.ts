/**
 * A query's journal as bytes: a head (magic, a number drawn for this file), then records: length (u32, little endian), CRC-32, body
 * (MessagePack). Pure.
 *
 * The CRC runs on from that of the record before, the first from the head and its owner's name. So a record is whole only where it was written: blocks that a
 * crash leaves with what another file held there before do not match, though they be whole records of another journal.
 */
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';

const MAGIC = Buffer.from('PGJ2');
const FILE_HEAD_BYTES = 8;
const RECORD_HEAD_BYTES = 8;
/** A length over this is damage: an increment is never that long. */
const LONGEST_RECORD = 512 * 1024 * 1024;
const packr = new Packr({ useRecords: false, int64AsType: 'number', moreTypes: false });

export class RecordChain {
  /** What the next CRC goes on from. */
  #crc: number;
  /** Not written yet: it goes before the first record. */
  #head: Buffer | undefined;

  private constructor(crc: number, head?: Buffer) {
    this.#crc = crc;
    this.#head = head;
  }
  /** Of a new file. @param owner nobody else's file is taken for it. @param number u32, drawn for each file of an owner */
  static begin(owner: string, number: number): RecordChain {
    const head = Buffer.alloc(FILE_HEAD_BYTES);
    MAGIC.copy(head);
    head.writeUInt32LE(number, MAGIC.length);
    return new RecordChain(crc32(head, crc32(owner)), head);
  }
  /**
   * Gives the whole records of a file to `onRecord`, up to the first that is none.
   * @returns the chain behind them and the length of the good part in bytes; undefined where not even the head is whole
   */
  static read(
    bytes: Buffer,
    owner: string,
    onRecord: (record: unknown) => void,
  ): { chain: RecordChain; good: number } | undefined {
    if (bytes.length < FILE_HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    let crc = crc32(bytes.subarray(0, FILE_HEAD_BYTES), crc32(owner));
    let at = FILE_HEAD_BYTES;
    while (at + RECORD_HEAD_BYTES <= bytes.length) {
      const length = bytes.readUInt32LE(at);
      const end = at + RECORD_HEAD_BYTES + length;
      if (length === 0 || length > LONGEST_RECORD || end > bytes.length) break;
      const body = bytes.subarray(at + RECORD_HEAD_BYTES, end);
      const next = crcOf(bytes.subarray(at, at + 4), body, crc);
      if (next !== bytes.readUInt32LE(at + 4)) break;
      onRecord(packr.unpack(body));
      crc = next;
      at = end;
    }
    return { chain: new RecordChain(crc), good: at };
  }

  /** Bytes of the next record, to be written behind those of the last. */
  encode(record: object): Buffer {
    const body = packr.pack(record);
    const head = Buffer.alloc(RECORD_HEAD_BYTES);
    head.writeUInt32LE(body.length, 0);
    this.#crc = crcOf(head.subarray(0, 4), body, this.#crc);
    head.writeUInt32LE(this.#crc, 4);
    const before = this.#head === undefined ? [] : [this.#head];
    this.#head = undefined;
    return Buffer.concat([...before, head, body]);
  }
}

const crcOf = (length: Buffer, body: Buffer, before: number): number => crc32(body, crc32(length, before));
