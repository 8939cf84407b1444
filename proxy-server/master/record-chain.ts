/**
 * A query's journal as bytes: a head (magic, a number drawn for this file), then records (MessagePack), each a run of protocol/crc-chain.ts, so
 * that a record is whole only where it was written. Pure.
 */
import { Packr } from 'msgpackr';
import { CrcChain, lengthOfRun, RUN_HEAD_BYTES } from '../../protocol/crc-chain.js';

const MAGIC = Buffer.from('PGJ2');
const FILE_HEAD_BYTES = 8;
const packr = new Packr({ useRecords: false, int64AsType: 'number', moreTypes: false });

export class RecordChain {
  readonly #chain: CrcChain;
  /** Not written yet: it goes before the first record. */
  #head: Buffer | undefined;

  private constructor(chain: CrcChain, head?: Buffer) {
    this.#chain = chain;
    this.#head = head;
  }
  /** Of a new file. @param owner nobody else's file is taken for it. @param number u32, drawn for each file of an owner */
  static begin(owner: string, number: number): RecordChain {
    const head = Buffer.alloc(FILE_HEAD_BYTES);
    MAGIC.copy(head);
    head.writeUInt32LE(number, MAGIC.length);
    return new RecordChain(new CrcChain(owner, head), head);
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
    const chain = new CrcChain(owner, bytes.subarray(0, FILE_HEAD_BYTES));
    let at = FILE_HEAD_BYTES;
    while (at + RUN_HEAD_BYTES <= bytes.length) {
      const head = bytes.subarray(at, at + RUN_HEAD_BYTES);
      const start = at + RUN_HEAD_BYTES;
      const end = start + (lengthOfRun(head) ?? 0);
      if (end === start || end > bytes.length) break;
      const body = bytes.subarray(start, end);
      if (!chain.follows(head, body)) break;
      onRecord(packr.unpack(body));
      at = end;
    }
    return { chain: new RecordChain(chain), good: at };
  }

  /** Bytes of the next record, to be written behind those of the last. */
  encode(record: object): Buffer {
    const body = packr.pack(record);
    const before = this.#head === undefined ? [] : [this.#head];
    this.#head = undefined;
    return Buffer.concat([...before, this.#chain.headOf(body), body]);
  }
}
