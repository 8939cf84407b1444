/**
 * Bytes by URL and range: the one interface between where a file lies and who reads it.
 * Kinds: local-file.ts (file:), http-file.ts (http:, https:), xrootd/ (root:, roots:), replica-file.ts (several of them in turn).
 */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ByteSource {
  /** Where the bytes come from at present, without credentials: for messages. */
  readonly url: string;
  /** Bytes in all. */
  readonly size: number;
  /** Exactly `length` bytes. @throws {TruncatedReadError} where the file ends earlier; a StorageError otherwise */
  read(offset: number, length: number): Promise<Buffer>;
  /** All ranges, in their order, with as few round trips as the protocol allows. */
  readMany(ranges: readonly ByteRange[]): Promise<Buffer[]>;
  /**
   * The same without a turn of the event loop, into `into` where given (and large enough). There only while the bytes are
   * local: look it up at each use. Where it throws, `read` may still succeed, at another replica.
   */
  readonly readSync?: ((offset: number, length: number, into?: Buffer) => Buffer) | undefined;
  /** A hint that these ranges are wanted next; network sources start to fetch them, others ignore it. */
  readonly prefetch?: ((ranges: readonly ByteRange[]) => void) | undefined;
  close(): Promise<void>;
}
