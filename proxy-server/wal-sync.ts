/**
 * What the state file has committed, safe from a power cut. In WAL mode with synchronous = NORMAL a commit survives the death of the process, and reaches
 * the disk with the next checkpoint only; to wait for the disk at each commit would hold up everybody. Who must not answer before, waits here.
 */
import { type FileHandle, open } from 'node:fs/promises';

export class WalSync {
  readonly #file: string;
  #wal: Promise<FileHandle | undefined> | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isClosed = false;

  /** @param database path of a SQLite file in WAL mode, or ':memory:' */
  constructor(database: string) {
    this.#file = `${database}-wal`;
  }

  /** Settles when all that was committed before the call is on disk. Calls of one moment share one wait. @throws the disk's failure */
  durable(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#running = this.#sync();
        return this.#running;
      });
    return this.#next;
  }

  async close(): Promise<void> {
    this.#isClosed = true; // the database's own end brings all to disk
    await this.#next?.catch(() => {});
    await (await this.#wal)?.close();
  }

  async #sync(): Promise<void> {
    if (this.#isClosed) return;
    this.#wal ??= open(this.#file, 'r').catch(() => undefined); // in memory there is none
    await (await this.#wal)?.datasync();
  }
}
