/**
 * What open files of one process share: connections. Programs that open many files (workers) make one and close it at the
 * end; without one, all of a process's files share `processPool`, whose idle connections let the process end.
 */
import { XrootdConnectionPool } from './xrootd/connection-pool.js';

export class StoragePool {
  readonly xrootd = new XrootdConnectionPool();

  async close(): Promise<void> {
    await this.xrootd.close();
  }
}

export const processPool = new StoragePool();
