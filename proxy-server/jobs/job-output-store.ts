/** Which files of the catalog jobs have written: the only module that knows this table. */
import type Database from 'better-sqlite3';

export interface JobOutput {
  readonly lfn: string;
  readonly bytes: number;
}

export class JobOutputStore {
  readonly #add: Database.Statement<[number, string, number]>;
  readonly #ofParts: Database.Statement<[number], { lfn: string }>;
  readonly #remove: Database.Statement<[number]>;

  constructor(db: Database.Database) {
    this.#add = db.prepare('INSERT OR REPLACE INTO job_output (job_id, lfn, bytes) VALUES (?, ?, ?)');
    this.#ofParts = db.prepare(
      `SELECT lfn FROM job JOIN job_output USING (job_id) WHERE master_id = ? AND state IN ('DONE', 'DONE_WARN') ORDER BY job_id, lfn`,
    );
    this.#remove = db.prepare('DELETE FROM job_output WHERE job_id = ?');
  }

  add(jobId: number, outputs: readonly JobOutput[]): void {
    for (const { lfn, bytes } of outputs) this.#add.run(jobId, lfn, bytes);
  }
  /** LFNs of what the sub-jobs of a master wrote that ended well. */
  ofParts(masterId: number): string[] {
    return this.#ofParts.all(masterId).map(({ lfn }) => lfn);
  }
  remove(jobId: number): void {
    this.#remove.run(jobId);
  }
}
