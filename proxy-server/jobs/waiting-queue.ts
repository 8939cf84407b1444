/** The jobs that wait, as the matchmaker goes through them: by user and by what they want, the oldest first. Pure. */
import type { Surroundings } from '../../jdl/index.js';
import { readWants, type Wants } from './job-wants.js';

export interface WaitingJob {
  readonly jobId: number;
  readonly user: string;
  /** job-wants.ts. */
  readonly wants: string;
}

/** Jobs of one user that want the same. */
export interface Line {
  readonly user: string;
  readonly wants: Wants;
  /** Key of `wants`: its text. */
  readonly kind: string;
  /** Ascending, never empty. */
  readonly jobIds: number[];
}

export class WaitingQueue {
  readonly #surroundings: Surroundings;
  readonly #lines = new Map<string, Line>();
  readonly #lineOf = new Map<number, Line>();
  readonly #perUser = new Map<string, number>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get size(): number {
    return this.#lineOf.size;
  }
  has(jobId: number): boolean {
    return this.#lineOf.has(jobId);
  }
  /** How many jobs of a user wait. */
  of(user: string): number {
    return this.#perUser.get(user) ?? 0;
  }
  wantsOf(jobId: number): Wants | undefined {
    return this.#lineOf.get(jobId)?.wants;
  }
  users(): string[] {
    return [...this.#perUser.keys()];
  }
  lines(): Line[] {
    return [...this.#lines.values()];
  }

  add({ jobId, user, wants }: WaitingJob): void {
    if (this.#lineOf.has(jobId)) return;
    const key = `${user}\0${wants}`;
    const line = this.#lines.get(key) ?? {
      user,
      kind: wants,
      wants: readWants(wants, this.#surroundings),
      jobIds: [],
    };
    this.#lines.set(key, line);
    line.jobIds.splice(placeOf(line.jobIds, jobId), 0, jobId);
    this.#lineOf.set(jobId, line);
    this.#perUser.set(user, this.of(user) + 1);
  }

  delete(jobId: number): void {
    const line = this.#lineOf.get(jobId);
    if (line === undefined) return;
    this.#lineOf.delete(jobId);
    line.jobIds.splice(placeOf(line.jobIds, jobId), 1);
    if (line.jobIds.length === 0) this.#lines.delete(`${line.user}\0${line.kind}`);
    const left = this.of(line.user) - 1;
    if (left === 0) this.#perUser.delete(line.user);
    else this.#perUser.set(line.user, left);
  }
}

/** Where a number stands in an ascending list, or would. */
function placeOf(ascending: readonly number[], value: number): number {
  if (value > (ascending.at(-1) ?? -1)) return ascending.length;
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
