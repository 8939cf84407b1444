/**
 * Journal of a query: what counts, in the order in which it began to count, on disk before anybody is told.
 *
 * A file of records: length (4 bytes, little-endian), CRC-32 of the body (4 bytes), body (MessagePack). A record that is cut short or
 * damaged ends the journal: it and what follows is dropped at the next opening, because nobody was told of it. Records that arrive while
 * the disk is busy share the next write and its fsync. `replace` puts a checkpoint in the place of everything before it. What records
 * refer to (rows in a file beside) is brought to disk before them.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { GridError } from '../../protocol/errors.js';

/** Disk full, directory gone: the query cannot go on, because what it does now would be lost. */
export class JournalError extends GridError {
  readonly code = 'MASTER_JOURNAL';
}

const HEADER_BYTES = 8;
/** A length over this is damage: an increment is never that long. */
const LONGEST_RECORD = 512 * 1024 * 1024;
const packr = new Packr({ useRecords: false, int64AsType: 'number', moreTypes: false });

export class Journal {
  #file: FileHandle;
  readonly #path: string;
  #pending: Buffer[] = [];
  /** What comes first in a new file, before #pending. */
  #replacement: Buffer | undefined;
  #bytes = 0;
  #waiters: { resolve: () => void; reject: (error: JournalError) => void }[] = [];
  #writing: Promise<void> | undefined;
  #failure: JournalError | undefined;
  readonly #syncOthers: () => Promise<void>;

  private constructor(file: FileHandle, path: string, syncOthers: () => Promise<void>) {
    this.#file = file;
    this.#path = path;
    this.#syncOthers = syncOthers;
  }

  /**
   * Opens or makes the file; what it holds goes to `onRecord` one by one, and damage at its end is cut off.
   * @param syncOthers settles when all that records given so far refer to is on disk
   * @throws {JournalError}
   */
  static async open(
    path: string,
    onRecord: (record: unknown) => void = () => {},
    syncOthers: () => Promise<void> = async () => {},
  ): Promise<Journal> {
    try {
      const file = await open(path, 'a+', 0o600);
      const good = readRecords(await file.readFile(), onRecord);
      await file.truncate(good);
      return new Journal(file, path, syncOthers);
    } catch (cause) {
      throw new JournalError(`Cannot open the query's journal ${path}: ${(cause as Error).message}.`, { cause });
    }
  }

  /** Settles when the record is on disk. Records reach it in the order of the calls. @throws {JournalError} */
  append(record: object): Promise<void> {
    const bytes = encodeRecord(record);
    this.#bytes += bytes.length;
    return this.#enqueue(() => this.#pending.push(bytes));
  }
  /** The record stands for all before it; afterwards the journal begins with it. */
  replace(record: object): Promise<void> {
    const bytes = encodeRecord(record);
    this.#bytes = bytes.length;
    return this.#enqueue(() => {
      this.#replacement = bytes;
      this.#pending = [];
    });
  }
  /** Since the beginning, or since the last `replace`. */
  get bytes(): number {
    return this.#bytes;
  }

  #enqueue(put: () => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    put();
    const written = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#writing ??= this.#write();
    return written;
  }

  /** Everything appended so far is on disk afterwards. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0 || this.#replacement !== undefined) {
      const records = this.#pending;
      const waiters = this.#waiters;
      const replacement = this.#replacement;
      this.#pending = [];
      this.#waiters = [];
      this.#replacement = undefined;
      try {
        await this.#syncOthers();
        if (replacement !== undefined) await this.#startAnew(Buffer.concat([replacement, ...records]));
        else {
          await this.#file.appendFile(records.length === 1 ? records[0]! : Buffer.concat(records));
          await this.#file.datasync();
        }
        for (const { resolve } of waiters) resolve();
      } catch (cause) {
        this.#failure = new JournalError(
          `Cannot write the query's journal ${this.#path}: ${(cause as Error).message}. Make room on that disk and run the query again.`,
          { cause },
        );
        for (const { reject } of [...waiters, ...this.#waiters]) reject(this.#failure);
        this.#pending = [];
        this.#replacement = undefined;
        this.#waiters = [];
      }
    }
    this.#writing = undefined; // in the same turn as the look at #pending: an append of the next turn starts anew
  }
  /** The old file stays until the new one is whole. */
  async #startAnew(content: Buffer): Promise<void> {
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    await file.writeFile(content);
    await file.datasync();
    await rename(`${this.#path}.new`, this.#path);
    const folder = await open(dirname(this.#path));
    await folder.sync();
    await folder.close();
    await this.#file.close();
    this.#file = file;
  }
}

export function encodeRecord(record: object): Buffer {
  const body = packr.pack(record);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

/** @returns the length of the good part in bytes */
export function readRecords(bytes: Buffer, onRecord: (record: unknown) => void): number {
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const end = at + HEADER_BYTES + length;
    if (length === 0 || length > LONGEST_RECORD || end > bytes.length) break;
    const body = bytes.subarray(at + HEADER_BYTES, end);
    if (crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    onRecord(packr.unpack(body));
    at = end;
  }
  return at;
}
