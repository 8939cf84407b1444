/**
 * What open files of one process share: connections, and the memory of replicas that failed. Programs that open many files (workers) make one and close it at the
 * end; without one, all of a process's files share `processPool`, whose idle connections let the process end.
 */
import { AvoidList } from './avoid-list.js';
import { HttpAgents } from './http/http-transport.js';
import { XrootdConnectionPool } from './xrootd/connection-pool.js';

export class StoragePool {
  readonly xrootd = new XrootdConnectionPool();
  readonly http = new HttpAgents();
  readonly avoid = new AvoidList();

  async close(): Promise<void> {
    await Promise.all([this.xrootd.close(), this.http.close()]);
  }
}

export const processPool = new StoragePool();
