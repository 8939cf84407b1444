/**
 * A file of this machine (or of a file system mounted on it).
 *
 * `readSync` is for the worker's loop, where a turn of the event loop a basket would cost more than the page cache; the
 * asynchronous reads hold the deadline, so that a dead network mount cannot stop a program for ever. The size is that at
 * opening: a file that shrinks gives TruncatedReadError, one that grows is read as it was.
 */
import { constants, close as fsClose, open as fsOpen, read as fsRead, fstat, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { checkRange, coalesce, scatter } from './byte-ranges.js';
import type { ByteRange, ByteSource } from './byte-source.js';
import { withDeadline } from './deadline.js';
import {
  DeadlineError,
  NoSuchFileError,
  NotAFileError,
  PermissionError,
  SourceClosedError,
  StorageIoError,
  TruncatedReadError,
  whatOf,
} from './errors.js';
import type { StorageSettings } from './storage-options.js';

/** Reading through a gap costs less than a second system call up to about here (page cache, NVMe). */
const MAX_GAP_BYTES = 32 * 1024;
const MAX_JOINED_BYTES = 8 * 2 ** 20;

const openFd = promisify(fsOpen);
const closeFd = promisify(fsClose);
const statFd = promisify(fstat);
const readFd = promisify(fsRead);

export class LocalFile implements ByteSource {
  readonly url: string;
  readonly size: number;
  readonly #settings: StorageSettings;
  #fd: number | undefined;
  #closed = false;
  #reading = 0;

  private constructor(path: string, fd: number, size: number, settings: StorageSettings) {
    this.url = path;
    this.size = size;
    this.#fd = fd;
    this.#settings = settings;
  }

  /** @throws {NoSuchFileError | PermissionError | NotAFileError | DeadlineError | StorageIoError} */
  static async open(path: string, settings: StorageSettings): Promise<LocalFile> {
    const opening = LocalFile.#open(path, settings).catch((error: unknown) => {
      throw localError(error, path, `Opening ${path}`);
    });
    return withDeadline(opening, {
      ...clockOf(settings),
      error: () => {
        opening.then((late) => late.close()).catch(() => {}); // nobody waits for it any more: only give the descriptor back
        return new DeadlineError(path, `opening ${path}`, settings.deadlineMs);
      },
    });
  }

  static async #open(path: string, settings: StorageSettings): Promise<LocalFile> {
    // Asked before opening: to open a named pipe would wait for its writer.
    const before = await stat(path);
    if (!before.isFile() && !before.isBlockDevice()) throw new NotAFileError(path, kindOf(before));
    const fd = await openFd(path, constants.O_RDONLY);
    return new LocalFile(path, fd, (await statFd(fd)).size, settings);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    const { deadlineMs } = this.#settings;
    return withDeadline(this.#readAll(offset, length), {
      ...clockOf(this.#settings),
      error: () => new DeadlineError(this.url, `reading ${whatOf(this.url, { offset, length })}`, deadlineMs),
    });
  }

  async readMany(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    const buffers = new Array<Buffer>(ranges.length);
    await Promise.all(
      coalesce(ranges, MAX_GAP_BYTES, MAX_JOINED_BYTES).map(async (read) =>
        scatter(read, await this.read(read.offset, read.length), ranges, buffers),
      ),
    );
    return buffers;
  }

  readSync(offset: number, length: number, into?: Buffer): Buffer {
    checkRange(this, offset, length);
    const bytes = into === undefined || into.length < length ? Buffer.allocUnsafe(length) : into.subarray(0, length);
    const fd = this.#descriptor();
    for (let done = 0; done < length; ) {
      const n = this.#attempt(offset, length, () => readSync(fd, bytes, done, length - done, offset + done));
      if (n === 0) throw new TruncatedReadError(this.url, { offset, length }, done);
      done += n;
    }
    return bytes;
  }

  /** A read still under way keeps the descriptor until it ends: its number must not become another file's meanwhile. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#release();
  }

  async #release(): Promise<void> {
    const fd = this.#fd;
    if (!this.#closed || this.#reading > 0 || fd === undefined) return;
    this.#fd = undefined;
    await closeFd(fd);
  }

  async #readAll(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    const fd = this.#descriptor();
    this.#reading++;
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await readFd(fd, bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new TruncatedReadError(this.url, { offset, length }, done);
        done += bytesRead;
      }
      return bytes;
    } catch (error) {
      throw localError(error, this.url, `Reading ${whatOf(this.url, { offset, length })}`);
    } finally {
      this.#reading--;
      await this.#release();
    }
  }

  #attempt(offset: number, length: number, run: () => number): number {
    try {
      return run();
    } catch (error) {
      throw localError(error, this.url, `Reading ${whatOf(this.url, { offset, length })}`);
    }
  }

  #descriptor(): number {
    if (this.#fd === undefined || this.#closed) throw new SourceClosedError(this.url);
    return this.#fd;
  }
}

const clockOf = ({ clock, deadlineMs }: StorageSettings) => ({ clock, ms: deadlineMs });

function kindOf(stat: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

/** The system's error as one of ours; ours stay as they are. */
export function localError(error: unknown, path: string, what: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  const options = { cause: error };
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NoSuchFileError(path, options);
    case 'EACCES':
    case 'EPERM':
      return new PermissionError(path, undefined, options);
    case 'EISDIR':
      return new NotAFileError(path, 'a directory', options);
    default:
      return new StorageIoError(path, what, error.message, options);
  }
}
