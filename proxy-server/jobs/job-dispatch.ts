/**
 * Carries the matchmaker's rounds out, in slices between which everybody else goes on: a round holds the process for SLICE_MS at a time, and
 * the next one begins when four times as long has passed as this one took, so that matching never has more than a fifth of it.
 */
import type { Surroundings } from '../../jdl/index.js';
import type { Clock } from '../../protocol/clock.js';
import type { Logger } from '../../protocol/log.js';
import type { ActiveJobs } from './active-jobs.js';
import type { AgentOffers } from './agent-offers.js';
import type { Job } from './job-row.js';
import type { JobStore } from './job-store.js';
import { type Assignment, matchRound } from './matchmaker.js';
import type { UserStanding } from './user-standing.js';
import type { WaitingQueue } from './waiting-queue.js';

export interface JobDispatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly queue: WaitingQueue;
  readonly active: ActiveJobs;
  readonly offers: AgentOffers;
  readonly standing: UserStanding;
  readonly surroundings: Surroundings;
  /** Of these jobs, just given to agents, the orders are to be sent. */
  readonly onAssigned: (jobs: readonly Job[]) => void;
  /** A round is over. */
  readonly onRound: () => void;
}

const SLICE_MS = 8;
const REST = 4;

/** A round, and the answer that it waits for. */
interface Round {
  readonly steps: ReturnType<typeof matchRound>;
  answer: boolean | undefined;
  spentMs: number;
}

export class JobDispatch {
  readonly #options: JobDispatchOptions;
  #isDue = false;
  #isAtWork = false;
  #isClosed = false;
  /** When the next round may begin. */
  #notBefore = 0;

  constructor(options: JobDispatchOptions) {
    this.#options = options;
  }

  /** Something changed: look soon. */
  look(): void {
    if (this.#isDue || this.#isClosed || this.#options.queue.size === 0) return;
    this.#isDue = true;
    if (!this.#isAtWork) this.#begin();
  }
  /** Nothing has happened that it has not looked at. */
  get isSettled(): boolean {
    return !this.#isDue && !this.#isAtWork;
  }
  close(): void {
    this.#isClosed = true;
  }

  #begin(): void {
    const restMs = this.#notBefore - this.#options.clock.now();
    const start = (): void => {
      this.#isDue = false;
      if (this.#isClosed) return;
      this.#isAtWork = true;
      this.#slice({ steps: this.#round(), answer: undefined, spentMs: 0 });
    };
    if (restMs > 0) this.#options.clock.after(restMs, start);
    else setImmediate(start);
  }

  #round(): Round['steps'] {
    const { queue, active, offers, standing, surroundings, clock } = this.#options;
    return matchRound({
      queue,
      offers: offers.list(clock.date().getTime(), { isFreeOnly: true }),
      coresOf: active.coresOfUsers(),
      priorityOf: standing.priorities(),
      surroundings,
    });
  }

  #slice(round: Round): void {
    if (this.#isClosed) return;
    const { clock, store, onAssigned, log } = this.#options;
    const start = clock.now();
    const given: Job[] = [];
    let isOver = false;
    try {
      isOver = store.together(() => this.#steps(round, start + SLICE_MS, given));
    } catch (error) {
      // The transaction is undone: nothing of this slice happened.
      for (const { jobId, user, wants } of given) {
        this.#options.active.delete(jobId);
        this.#options.queue.add({ jobId, user, wants });
      }
      log.error(`jobs cannot be given out: ${(error as Error).message}`);
      given.length = 0;
      isOver = true;
    }
    if (given.length > 0) onAssigned(given);
    round.spentMs += clock.now() - start;
    if (!isOver) {
      setImmediate(() => this.#slice(round));
      return;
    }
    this.#isAtWork = false;
    this.#notBefore = clock.now() + REST * round.spentMs;
    this.#options.onRound();
    if (this.#isDue) this.#begin();
  }

  /** @returns whether the round is over */
  #steps(round: Round, until: number, given: Job[]): boolean {
    do {
      const { done, value } = round.steps.next(round.answer);
      if (done === true) return true;
      round.answer = value === undefined ? undefined : this.#assign(value, given);
    } while (this.#options.clock.now() < until);
    return false;
  }

  #assign({ jobId, agentId }: Assignment, given: Job[]): boolean {
    const { store, queue, active, offers, clock } = this.#options;
    const wants = queue.wantsOf(jobId);
    const agent = wants === undefined ? undefined : offers.hasRoom(agentId, wants.cores);
    if (wants === undefined || agent === undefined) return false;
    const { site, host } = agent.node;
    const before = store.get(jobId);
    if (before?.state === 'OVER_WAITING') return false; // since this round began
    queue.delete(jobId);
    const job =
      before === undefined
        ? undefined
        : store.move(jobId, 'assign', {
            nowMs: clock.date().getTime(),
            why: `to agent ${agentId} on ${host}, site ${site}`,
            facts: { agentId, site, host, run: before.run + 1, startedAt: null, exitCode: null },
          });
    if (job === undefined) {
      this.#isDue = true; // it was over, and the queue did not know yet: another may have its place
      return false;
    }
    active.add(job, wants);
    given.push(job);
    return true;
  }
}
