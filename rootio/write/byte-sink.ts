/**
 * Where the bytes of a ROOT file go: appended in one pass, then a few fixed places (header, directories) patched at the end.
 * `RootFileWriter` knows nothing else of files, so that a test can write to memory or past 2 GB.
 */
export interface ByteSink {
  /** For messages and for the name inside the file. */
  readonly path: string;
  /** Bytes appended so far: where the next one goes. */
  readonly position: number;
  /** Takes the bytes over at once: the caller may reuse its array afterwards. */
  append(bytes: Uint8Array): void;
  /** Overwrites bytes that were appended before. */
  patch(position: number, bytes: Uint8Array): void;
  /** All is written: the file appears under its name. */
  publish(): void;
  /** Gives the file up and removes what was written. Never throws. */
  discard(): void;
}
