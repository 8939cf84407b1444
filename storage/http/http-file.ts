/**
 * A file on a web server: single ranges for large reads, several ranges in one request for scattered ones.
 *
 * Servers differ: one that answers several ranges in another way is asked for single ones from then on; one that knows no
 * ranges at all gives the whole file once, if it is small enough to be kept. Reads that fail for the server's or the
 * network's sake are tried again with growing pauses.
 */

import { mapBounded } from '../bounded.js';
import { type CoalescedRead, coalesce, scatter } from '../byte-ranges.js';
import type { ByteRange } from '../byte-source.js';
import {
  ConnectionError,
  NotAFileError,
  ProtocolError,
  StorageError,
  StorageIoError,
  TruncatedReadError,
  whatOf,
} from '../errors.js';
import { NetworkFile } from '../network-file.js';
import { withRetries } from '../retry.js';
import type { StorageSettings } from '../storage-options.js';
import { displayUrl } from '../url.js';
import {
  boundaryOf,
  contentRange,
  PART_OVERHEAD,
  parseMultipart,
  pick,
  RangeFault,
  rangeHeader,
} from './byteranges.js';
import { errorOfStatus } from './http-status.js';
import { type HttpAnswer, type HttpHead, httpExchange, TooLongError } from './http-transport.js';

const PIECE_BYTES = 8 * 2 ** 20;
const AT_ONCE = 4;
/** Ranges in one request: some servers refuse more, and header lines have limits. */
const MAX_RANGES = 64;
const MAX_MULTI_BYTES = 8 * 2 ** 20;
/** Reading through so many bytes is cheaper than a part of its own; and than a request of its own. */
const MULTI_GAP_BYTES = 256;
const SINGLE_GAP_BYTES = 64 * 1024;
/** From a server without ranges a file up to here is read whole. */
export const MAX_WHOLE_BYTES = 256 * 2 ** 20;
const MAX_ERROR_TEXT = 64 * 1024;

interface Facts {
  readonly size: number;
  /** Where redirections led. */
  readonly place: string;
  /** The file itself, from a server that knows no ranges. */
  readonly whole?: Buffer;
}

export class HttpFile extends NetworkFile {
  readonly url: string;
  readonly size: number;
  readonly #target: string;
  readonly #settings: StorageSettings;
  readonly #whole: Buffer | undefined;
  /** Where the bytes are: later reads need not be redirected again. Back to the URL itself when that place fails. */
  #place: string;
  #hasMultiRanges = true;

  private constructor(target: string, facts: Facts, settings: StorageSettings) {
    super();
    this.url = displayUrl(target);
    this.size = facts.size;
    this.#target = target;
    this.#whole = facts.whole;
    this.#place = facts.place;
    this.#settings = settings;
  }

  /** @throws {StorageError} */
  static async open(target: string, settings: StorageSettings): Promise<HttpFile> {
    return new HttpFile(target, await withRetries(settings, () => factsOf(target, settings)), settings);
  }

  protected async fetch(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    const buffers = new Array<Buffer>(ranges.length);
    const whole = this.#whole;
    if (whole !== undefined) return ranges.map(({ offset, length }) => whole.subarray(offset, offset + length));
    const reads = coalesce(ranges, this.#hasMultiRanges ? MULTI_GAP_BYTES : SINGLE_GAP_BYTES, PIECE_BYTES);
    await mapBounded(this.#hasMultiRanges ? groups(reads) : reads.map((read) => [read]), AT_ONCE, async (group) => {
      const [only] = group;
      const parts = group.length === 1 ? [await this.#readLong(only!)] : await this.#readGroup(group);
      for (const [index, read] of group.entries()) scatter(read, parts[index]!, ranges, buffers);
    });
    return buffers;
  }

  protected async release(): Promise<void> {} // a web server keeps nothing for us

  async #readLong(range: ByteRange): Promise<Buffer> {
    if (range.length <= PIECE_BYTES) return this.#readPiece(range);
    const target = Buffer.allocUnsafe(range.length);
    const pieces: ByteRange[] = [];
    for (let at = 0; at < range.length; at += PIECE_BYTES)
      pieces.push({ offset: range.offset + at, length: Math.min(PIECE_BYTES, range.length - at) });
    await mapBounded(pieces, AT_ONCE, async (piece) => {
      (await this.#readPiece(piece)).copy(target, piece.offset - range.offset);
    });
    return target;
  }

  async #readPiece(range: ByteRange): Promise<Buffer> {
    if (range.length === 0) return Buffer.alloc(0);
    return withRetries(this.#settings, async () => {
      const answer = await this.#ask([range], ({ status }) => (status === 206 ? range.length : MAX_ERROR_TEXT));
      const came = contentRange(answer.headers['content-range']);
      if (came === undefined) throw new ProtocolError(this.url, whatOf(this.url, range), 'no Content-Range');
      this.#checkSize(came.total, range);
      if (came.first !== range.offset || came.end - came.first !== answer.body.length)
        throw new ProtocolError(this.url, whatOf(this.url, range), `bytes [${came.first}, ${came.end}) instead`);
      if (answer.body.length < range.length) throw new TruncatedReadError(this.url, range, answer.body.length);
      return answer.body;
    });
  }

  /** Several ranges in one request; where the server does not do that, each in its own. */
  async #readGroup(group: readonly CoalescedRead[]): Promise<Buffer[]> {
    const span = spanOf(group);
    const expected = group.reduce((sum, { length }) => sum + length + PART_OVERHEAD, PART_OVERHEAD);
    const limit = ({ status }: HttpHead): number => (status === 206 ? expected : MAX_ERROR_TEXT);
    const answer = await withRetries(this.#settings, () => this.#ask(group, limit)).catch((error: unknown) => {
      if (!(error instanceof ProtocolError)) throw error;
      return undefined; // the whole file, or "not satisfiable": no multi-ranges here
    });
    const boundary = boundaryOf(answer?.headers['content-type']);
    if (answer === undefined || boundary === undefined) {
      this.#hasMultiRanges = false;
      return mapBounded(group, AT_ONCE, (read) => this.#readPiece(read));
    }
    try {
      const parts = parseMultipart(answer.body, boundary);
      return group.map((read) => pick(parts, read));
    } catch (cause) {
      if (!(cause instanceof RangeFault)) throw cause;
      throw new ProtocolError(this.url, whatOf(this.url, span), cause.message, { cause });
    }
  }

  async #ask(
    ranges: readonly ByteRange[],
    maxBytes: (head: HttpHead) => number,
    place = this.#place,
  ): Promise<HttpAnswer> {
    const range = spanOf(ranges);
    const headers = { Range: rangeHeader(ranges) };
    const ask = { method: 'GET', url: place, origin: this.#target, headers, range, maxBytes } as const;
    try {
      const answer = await httpExchange(ask, this.#settings);
      if (answer.status !== 206) throw errorOfStatus(this.url, answer, range);
      this.#place = answer.url;
      return answer;
    } catch (error) {
      if (place === this.#target || !(error instanceof StorageError)) throw error;
      this.#place = this.#target;
      return this.#ask(ranges, maxBytes, this.#target);
    }
  }

  #checkSize(total: number | undefined, range: ByteRange): void {
    if (total !== undefined && total !== this.size)
      throw new ProtocolError(
        this.url,
        whatOf(this.url, range),
        `the file has ${total} bytes now, and had ${this.size}`,
      );
  }
}

/** Consecutive reads that one request may ask for. An empty one is asked for by none: it has no first and last byte. */
function groups(reads: readonly CoalescedRead[]): CoalescedRead[][] {
  const made: CoalescedRead[][] = reads.filter(({ length }) => length === 0).map((read) => [read]);
  let last: CoalescedRead[] | undefined;
  let bytes = 0;
  for (const read of reads.filter(({ length }) => length > 0)) {
    bytes += read.length;
    if (last === undefined || last.length === MAX_RANGES || bytes > MAX_MULTI_BYTES) {
      last = [];
      made.push(last);
      bytes = read.length;
    }
    last.push(read);
  }
  return made;
}

function spanOf(ranges: readonly ByteRange[]): ByteRange {
  const offset = Math.min(...ranges.map((range) => range.offset));
  return { offset, length: Math.max(...ranges.map((range) => range.offset + range.length)) - offset };
}

/** Size, and whether ranges work, by asking for the first byte: signed URLs often allow GET and nothing else. */
async function factsOf(target: string, settings: StorageSettings): Promise<Facts> {
  const url = displayUrl(target);
  const headers = { Range: 'bytes=0-0' };
  const ask = { method: 'GET', url: target, headers, maxBytes: openingLimit } as const;
  const answer = await httpExchange(ask, settings).catch((cause: unknown) => elseByHead(cause, target, settings));
  const range = contentRange(answer.headers['content-range']);
  if (answer.status === 206 && range?.total !== undefined) return { size: range.total, place: answer.url };
  if (answer.status === 416 && range?.total === 0) return { size: 0, place: answer.url };
  if (answer.status === 200) {
    if (/^text\/html/.test(String(answer.headers['content-type'])) && /\/$/.test(new URL(answer.url).pathname))
      throw new NotAFileError(url, 'a directory or a page');
    return { size: answer.body.length, place: answer.url, whole: answer.body };
  }
  if (answer.status === 206) throw new StorageIoError(url, `Opening ${url}`, 'the server does not tell its size');
  throw errorOfStatus(url, answer);
}

const openingLimit = ({ status }: HttpHead): number =>
  status === 206 ? 1 : status === 200 ? MAX_WHOLE_BYTES : MAX_ERROR_TEXT;

/** XrdHttp breaks off when it is asked for the first byte of an empty file. @throws the failure, unless that is why */
async function elseByHead(failure: unknown, target: string, settings: StorageSettings): Promise<HttpAnswer> {
  const url = displayUrl(target);
  if (failure instanceof TooLongError && failure.status === 200) {
    const why = `the server knows no byte ranges, and the file has more than ${MAX_WHOLE_BYTES} bytes`;
    throw new ProtocolError(url, url, why, { cause: failure });
  }
  if (!(failure instanceof ConnectionError)) throw failure;
  const head = await httpExchange({ method: 'HEAD', url: target, maxBytes: 0 }, settings).catch(() => undefined);
  if (head?.status !== 200 || head.headers['content-length'] !== '0') throw failure;
  return head;
}
