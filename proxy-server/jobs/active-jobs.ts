/** The jobs that are with agents, and what they hold there, added up so that nobody has to count. Pure. */
import type { Job } from './job-row.js';
import type { Wants } from './job-wants.js';

export interface Held {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const NOTHING: Held = { cores: 0, memoryBytes: 0, diskBytes: 0 };

export class ActiveJobs {
  readonly #onGone: (job: Job) => void;
  readonly #jobs = new Map<number, { job: Job; held: Held }>();
  readonly #onAgent = new Map<string, { held: Held; jobIds: Set<number> }>();
  readonly #ofUser = new Map<string, { cores: number; jobs: number }>();

  /** @param onGone that run of the job is over, in whatever way */
  constructor(onGone: (job: Job) => void) {
    this.#onGone = onGone;
  }

  get size(): number {
    return this.#jobs.size;
  }
  get(jobId: number): Job | undefined {
    return this.#jobs.get(jobId)?.job;
  }
  all(): Job[] {
    return [...this.#jobs.values()].map(({ job }) => job);
  }
  /** The job, if it is with this agent in this run. */
  mine(agentId: string, jobId: number, run: number): Job | undefined {
    const job = this.get(jobId);
    return job !== undefined && job.agentId === agentId && job.run === run ? job : undefined;
  }
  on(agentId: string): Job[] {
    return [...(this.#onAgent.get(agentId)?.jobIds ?? [])].map((jobId) => this.get(jobId)!);
  }
  heldOn(agentId: string): Held {
    return this.#onAgent.get(agentId)?.held ?? NOTHING;
  }
  /** Jobs of a user. */
  of(user: string): number {
    return this.#ofUser.get(user)?.jobs ?? 0;
  }
  coresOfUsers(): Map<string, number> {
    return new Map([...this.#ofUser].map(([user, { cores }]) => [user, cores]));
  }

  add(job: Job, { memoryBytes, diskBytes }: Pick<Wants, 'memoryBytes' | 'diskBytes'>): void {
    this.delete(job.jobId);
    const held = { cores: job.cores, memoryBytes, diskBytes };
    this.#jobs.set(job.jobId, { job, held });
    this.#count(job, held, 1);
  }

  /** News of a job that is here: its agent and cores stay. */
  update(job: Job): void {
    const known = this.#jobs.get(job.jobId);
    if (known !== undefined) known.job = job;
  }

  delete(jobId: number): void {
    const known = this.#jobs.get(jobId);
    if (known === undefined) return;
    this.#jobs.delete(jobId);
    this.#count(known.job, known.held, -1);
    this.#onGone(known.job);
  }

  #count({ jobId, user, agentId }: Job, held: Held, sign: 1 | -1): void {
    const own = this.#ofUser.get(user) ?? { cores: 0, jobs: 0 };
    const ofUser = { cores: own.cores + sign * held.cores, jobs: own.jobs + sign };
    if (ofUser.jobs === 0) this.#ofUser.delete(user);
    else this.#ofUser.set(user, ofUser);
    if (agentId === null) return;
    const there = this.#onAgent.get(agentId) ?? { held: NOTHING, jobIds: new Set<number>() };
    there.held = {
      cores: there.held.cores + sign * held.cores,
      memoryBytes: there.held.memoryBytes + sign * held.memoryBytes,
      diskBytes: there.held.diskBytes + sign * held.diskBytes,
    };
    if (sign === 1) there.jobIds.add(jobId);
    else there.jobIds.delete(jobId);
    if (there.jobIds.size === 0) this.#onAgent.delete(agentId);
    else this.#onAgent.set(agentId, there);
  }
}
