/**
 * What can go wrong between a URL and its bytes. Each error names the URL without its credentials and, where bytes were
 * asked for, their range [offset, end). `retryable` says whether another replica or a later try may succeed.
 */
import { GridError } from '../protocol/errors.js';
import type { ByteRange } from './byte-source.js';

/** `bytes [0, 100) of root://host//file`, or the URL alone. */
export function whatOf(url: string, range?: ByteRange): string {
  return range === undefined ? url : `bytes [${range.offset}, ${range.offset + range.length}) of ${url}`;
}

/** Any failure of this room. @see docs/errors.md */
export abstract class StorageError extends GridError {
  constructor(
    /** Without credentials: `displayUrl` made it. */
    readonly url: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export class NoSuchFileError extends StorageError {
  readonly code = 'STORAGE_NO_SUCH_FILE';
  constructor(url: string, options?: ErrorOptions) {
    super(
      url,
      `There is no file ${url}. Check the path; "proof whereis" tells where the copies of a file are.`,
      options,
    );
  }
}

export class PermissionError extends StorageError {
  readonly code = 'STORAGE_PERMISSION';
  constructor(url: string, why?: string, options?: ErrorOptions) {
    const reason = why === undefined ? '' : ` (${why})`;
    super(url, `Reading ${url} is not permitted${reason}. Check its access rights and your token or key.`, options);
  }
}

export class NotAFileError extends StorageError {
  readonly code = 'STORAGE_NOT_A_FILE';
  constructor(url: string, what: string, options?: ErrorOptions) {
    super(url, `${url} is ${what}, not a file. Name a file inside it, or a glob.`, options);
  }
}

/** The file ends, or its server stops, before the bytes that were asked for. */
export class TruncatedReadError extends StorageError {
  readonly code = 'STORAGE_TRUNCATED';
  constructor(
    url: string,
    readonly range: ByteRange,
    /** How many of the bytes exist. */
    readonly found: number,
    options?: ErrorOptions,
  ) {
    super(
      url,
      `Of ${whatOf(url, range)} only ${found} could be read: the file ends early. It is truncated, or still being written.`,
      options,
    );
  }
}

export class BadRangeError extends StorageError {
  readonly code = 'STORAGE_BAD_RANGE';
  constructor(url: string, offset: number, length: number) {
    super(
      url,
      `${length} bytes at ${offset} is no range of ${url} that can be read at once: its structure is damaged.`,
    );
  }
}

export class UnsupportedSchemeError extends StorageError {
  readonly code = 'STORAGE_UNSUPPORTED_SCHEME';
  constructor(url: string, scheme: string) {
    super(url, `No way to read ${scheme}: URLs such as ${url}. Use a path, file:, root:, roots:, http: or https:.`);
  }
}

export class OtherServerError extends StorageError {
  readonly code = 'STORAGE_OTHER_SERVER';
  constructor(url: string, beside: string) {
    super(
      url,
      `${url} lies at another server than ${beside}, which names it; only files of the same server are followed.`,
    );
  }
}

export class BadUrlError extends StorageError {
  readonly code = 'STORAGE_BAD_URL';
  constructor(url: string, hint: string, options?: ErrorOptions) {
    super(url, `${url} cannot be understood as a URL: ${hint}.`, options);
  }
}

export class DeadlineError extends StorageError {
  readonly code = 'STORAGE_DEADLINE';
  override readonly retryable = true;
  constructor(url: string, what: string, ms: number, options?: ErrorOptions) {
    super(
      url,
      `No answer within ${ms} ms: ${what}. The storage is slow or silent; try later or another replica.`,
      options,
    );
  }
}

/** The disk or the server reports a failure of its own. */
export class StorageIoError extends StorageError {
  readonly code = 'STORAGE_IO';
  override readonly retryable = true;
  constructor(url: string, what: string, why: string, options?: ErrorOptions) {
    super(url, `${what} failed: ${why}. Try later or another replica.`, options);
  }
}

export class SourceClosedError extends StorageError {
  readonly code = 'STORAGE_CLOSED';
  constructor(url: string) {
    super(url, `${url} was closed before it was read to the end. Open it again.`);
  }
}

/** The connection could not be made, or was cut. */
export class ConnectionError extends StorageError {
  readonly code = 'STORAGE_CONNECTION';
  override readonly retryable = true;
  constructor(url: string, what: string, why: string, options?: ErrorOptions) {
    super(url, `The connection for ${what} failed: ${why}. Is the server up, and its port right?`, options);
  }
}

/** The server says what its protocol does not allow. The connection is given up. */
export class ProtocolError extends StorageError {
  readonly code = 'STORAGE_PROTOCOL';
  constructor(url: string, what: string, why: string, options?: ErrorOptions) {
    super(
      url,
      `The server's answer for ${what} breaks its protocol: ${why}. Use another replica; tell the site.`,
      options,
    );
  }
}

/** A replica is not as long as the others, or as the catalog says. */
export class OtherSizeError extends StorageError {
  readonly code = 'STORAGE_OTHER_SIZE';
  constructor(url: string, found: number, expected: number) {
    super(
      url,
      `${url} has ${found} bytes, not ${expected}: it is cut off, or another file. Mark it bad in the catalog.`,
    );
  }
}

export class AuthenticationError extends StorageError {
  readonly code = 'STORAGE_AUTHENTICATION';
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(url, `The server of ${url} does not let you in: ${why}. Give a token or a key that it accepts.`, options);
  }
}

export class RedirectError extends StorageError {
  readonly code = 'STORAGE_REDIRECTS';
  constructor(url: string, why: string) {
    super(url, `${url} is redirected without end: ${why}. The site's manager is misconfigured; use another replica.`);
  }
}

/** Bytes that do not match the checksum that came with them. */
export class ChecksumError extends StorageError {
  readonly code = 'STORAGE_CHECKSUM';
  override readonly retryable = true;
  constructor(url: string, range: ByteRange, page: number) {
    super(url, `In ${whatOf(url, range)} the page at ${page} arrived damaged (its CRC-32C differs). Read it again.`);
  }
}

/** No replica is left to read from. */
export class NoReplicaError extends StorageError {
  readonly code = 'STORAGE_NO_REPLICA';
  override readonly retryable: boolean;
  constructor(
    url: string,
    /** What each replica failed with, in the order tried. */
    readonly failures: readonly StorageError[],
    range?: ByteRange,
  ) {
    const reasons = failures.map(({ message }) => message).join(' ');
    super(url, `None of the ${failures.length} replicas of ${whatOf(url, range)} can be read. ${reasons}`, {
      cause: failures[0],
    });
    this.retryable = failures.some(({ retryable }) => retryable);
  }
}

/** A member of a zip archive that cannot be had from it. */
export class ArchiveError extends StorageError {
  readonly code = 'STORAGE_ARCHIVE';
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(
      url,
      `${url} cannot be read out of its zip archive: ${why}. Check the archive, or read another copy.`,
      options,
    );
  }
}

/** Something is under the name that was to be written. */
export class FileExistsError extends StorageError {
  readonly code = 'STORAGE_EXISTS';
  constructor(url: string, options?: ErrorOptions) {
    super(url, `${url} is there already, and nothing is replaced. Choose another name.`, options);
  }
}

/** The storage takes no file there: rights, space, a read-only element. */
export class WriteRefusedError extends StorageError {
  readonly code = 'STORAGE_WRITE_REFUSED';
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(
      url,
      `Writing ${url} is refused: ${why}. Check the rights and the space there, or use another element.`,
      options,
    );
  }
}

/** What arrived is not what was sent. */
export class BadCopyError extends StorageError {
  readonly code = 'STORAGE_BAD_COPY';
  override readonly retryable = true;
  constructor(url: string, found: string, wanted: string) {
    super(url, `What arrived at ${url} is not what was sent: ${found}, not ${wanted}. Send it again.`);
  }
}

/** What a server says goes into a message only cut short, in one line, and without the opaque part of paths. */
export function cleanServerText(text: string): string {
  const line = text
    .replace(/\0.*$/s, '')
    .replace(/[?&]\S*/g, '')
    .replace(/\b(authz|bearer|token)\b\s*[=:]?\s*\S+/gi, '$1')
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
