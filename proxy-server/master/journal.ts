/**
 * Journal of a query: what counts, in the order in which it began to count, on disk before anybody is told.
 *
 * A file of records (record-chain.ts). One that is cut short or damaged ends the journal: it and what follows is dropped at the next opening,
 * because nobody was told of it. Records that arrive while the disk is busy share the next write and its fsync; on a full disk they wait
 * until there is room (disk-room.ts). `replace` puts a checkpoint in the place of everything before it. What records refer to (rows in a file
 * beside) is brought to disk before them.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GridError } from '../../protocol/errors.js';
import { whenThereIsRoom } from './disk-room.js';
import { RecordChain } from './record-chain.js';

/** The disk fails, the directory is gone: the query cannot go on, because what it does now would be lost. */
export class JournalError extends GridError {
  readonly code = 'MASTER_JOURNAL';
}

export interface JournalHooks {
  /** Settles when all that records given so far refer to is on disk. */
  readonly syncOthers?: () => Promise<void>;
  readonly onFull?: (isFull: boolean) => void;
}

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
  readonly #hooks: JournalHooks;
  readonly #owner: string;
  #chain: RecordChain;
  /** Of the file: what lies behind is half a record of a write that failed. */
  #size: number;
  #isClosing = false;

  private constructor(
    file: FileHandle,
    path: string,
    start: { owner: string; chain: RecordChain; size: number; hooks: JournalHooks },
  ) {
    this.#file = file;
    this.#owner = start.owner;
    this.#chain = start.chain;
    this.#path = path;
    this.#size = start.size;
    this.#hooks = start.hooks;
  }

  /**
   * Opens or makes the file of this query; what it holds goes to `onRecord` one by one, and damage at its end is cut off.
   * @throws {JournalError}
   */
  static async open(
    path: string,
    owner: string,
    onRecord: (record: unknown) => void = () => {},
    hooks: JournalHooks = {},
  ): Promise<Journal> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a+', 0o600);
      const found = RecordChain.read(await file.readFile(), owner, onRecord);
      const { chain, good } = found ?? { chain: newChain(owner), good: 0 };
      await file.truncate(good);
      return new Journal(file, path, { owner, chain, size: good, hooks });
    } catch (cause) {
      await file?.close();
      throw new JournalError(`Cannot open the query's journal ${path}: ${(cause as Error).message}.`, { cause });
    }
  }

  /** Settles when the record is on disk. Records reach it in the order of the calls. @throws {JournalError} */
  append(record: object): Promise<void> {
    const bytes = this.#chain.encode(record);
    this.#bytes += bytes.length;
    return this.#enqueue(() => this.#pending.push(bytes));
  }
  /** The record stands for all before it; afterwards the journal begins with it. */
  replace(record: object): Promise<void> {
    this.#chain = newChain(this.#owner);
    const bytes = this.#chain.encode(record);
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
    this.#isClosing = true;
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
        await this.#patiently(replacement, records);
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
  #patiently(replacement: Buffer | undefined, records: readonly Buffer[]): Promise<void> {
    const content = replacement === undefined ? records : [replacement, ...records];
    const bytes = content.length === 1 ? content[0]! : Buffer.concat(content);
    const { syncOthers, onFull } = this.#hooks;
    const write = async (): Promise<void> => {
      await syncOthers?.();
      if (replacement === undefined) await this.#put(bytes);
      else await this.#startAnew(bytes);
    };
    return whenThereIsRoom(write, { onFull: (isFull) => onFull?.(isFull), isOver: () => this.#isClosing });
  }
  async #put(bytes: Buffer): Promise<void> {
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#size += bytes.length;
    } catch (error) {
      await this.#file.truncate(this.#size);
      throw error;
    }
  }
  /** The old file stays until the new one is whole. */
  async #startAnew(content: Buffer): Promise<void> {
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.datasync();
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      await file.close();
      await rm(`${this.#path}.new`, { force: true });
      throw error;
    }
    const folder = await open(dirname(this.#path));
    await folder.sync();
    await folder.close();
    await this.#file.close();
    this.#file = file;
    this.#size = content.length;
  }
}

const newChain = (owner: string): RecordChain => RecordChain.begin(owner, randomBytes(4).readUInt32LE());
