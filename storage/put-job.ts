/** What is to be written, for all kinds of storage. */
import type { ByteSource } from './byte-source.js';

export interface PutJob {
  readonly from: ByteSource;
  /** Of `from`, lower-case hex. */
  readonly adler32: string;
  /** Joined to the final name while the file is not whole. */
  readonly suffix: string;
}
