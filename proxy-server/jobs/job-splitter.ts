/** Puts a master and its sub-jobs into the queue, some at a time: a split into ten thousand holds nobody up. */
import type { SubJob } from '../../jdl/index.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobRunner } from './job-runner.js';
import type { JobStore, NewJob } from './job-store.js';
import { describe, newJob } from './prepare-job.js';

export interface JobSplitterOptions {
  readonly clock: Clock;
  readonly store: JobStore;
  readonly runner: Pick<JobRunner, 'enqueue'>;
}

const SLICE_MS = 10;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class JobSplitter {
  readonly #options: JobSplitterOptions;
  constructor(options: JobSplitterOptions) {
    this.#options = options;
  }

  /** @returns the master's number */
  async add(user: string, { job, parts }: { job: NewJob; parts: readonly SubJob[] }): Promise<number> {
    const { store } = this.#options;
    const masterId = store.addMaster(job, this.#nowMs());
    await this.fill(masterId, user, parts);
    return masterId;
  }

  /** Of a master that is SPLITTING. @throws {JobRefusedError} a sub-job is no job; the master is ERROR_SPLT then */
  async fill(masterId: number, user: string, parts: readonly SubJob[]): Promise<void> {
    const { clock, store, runner } = this.#options;
    const nowMs = this.#nowMs();
    try {
      for (let at = 0; at < parts.length; ) {
        const until = clock.now() + SLICE_MS;
        const some: NewJob[] = [];
        while (at < parts.length && (clock.now() < until || some.length === 0))
          some.push(newJob(user, describe(parts[at++]!.ad)));
        store.addParts(masterId, some, nowMs);
        await turn();
      }
      store.note(masterId, 'state', `split into ${parts.length} sub-jobs`, nowMs);
      runner.enqueue(store.splitDone(masterId, this.#nowMs()));
    } catch (error) {
      store.dropParts(masterId, (error as Error).message, this.#nowMs());
      throw error;
    }
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
