/** The jobs that wait: in the queue for the matchmaker, ERROR_EW where that takes longer than they want to, OVER_WAITING while their user may have no more. */
import type { Surroundings } from '../../jdl/index.js';
import type { Clock } from '../../protocol/clock.js';
import type { Logger } from '../../protocol/log.js';
import { surviving } from '../state-db.js';
import type { Job } from './job-row.js';
import type { JobStore } from './job-store.js';
import { storedWants } from './prepare-job.js';
import { WaitingDeadlines } from './waiting-deadlines.js';
import { WaitingQueue } from './waiting-queue.js';

export type Queued = Pick<Job, 'jobId' | 'user' | 'wants' | 'waitUntil'>;

export interface WaitingRoomOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly surroundings: Surroundings;
  /** Why nothing more of a user is given out at present. */
  readonly heldBack: (user: string) => string | undefined;
  /** There are jobs again that may be given out. */
  readonly onRelease: () => void;
}

/** Quotas are of a day: looking at them more often tells nobody more. */
const HOLDS_EVERY_MS = 1_000;

export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly queue: WaitingQueue;
  readonly #deadlines = new WaitingDeadlines();
  /** Users whose jobs are OVER_WAITING. */
  readonly #held: Set<string>;
  /** Of these some came back meanwhile, and are not. */
  readonly #joined = new Set<string>();
  #looksAgainAt = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | undefined;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.queue = new WaitingQueue(options.surroundings);
    this.#held = new Set(options.store.usersOverWaiting());
  }

  add(job: Queued): void {
    const { jobId, user, waitUntil } = job;
    const wants = job.wants === '' ? storedWants(this.#options.store.get(jobId)!) : job.wants;
    this.queue.add({ jobId, user, wants });
    if (waitUntil !== null) this.#deadlines.add(jobId, waitUntil);
    if (this.#held.has(user)) this.#joined.add(user);
  }

  isHeld(user: string): boolean {
    return this.#held.has(user);
  }

  /** Jobs that waited longer than they wanted to; they are out of the queue. */
  expire(): Job[] {
    const { store } = this.#options;
    const now = this.#nowMs();
    return this.#deadlines
      .due(now, (waiting) => this.queue.has(waiting))
      .flatMap((jobId) => {
        const why = 'it waited longer than MaxWaitingTime';
        const moved = store.move(jobId, 'waitTooLong', { nowMs: now, why });
        if (moved === undefined) return [];
        this.queue.delete(jobId);
        return moved;
      });
  }

  /** Users who have used up a quota, or may have more again: at once, or in a second where that was asked just now. */
  lookAtQuotas(): void {
    if (this.queue.size === 0 || this.#cancelLook !== undefined) return;
    const { clock, log } = this.#options;
    const restMs = this.#looksAgainAt - clock.now();
    if (restMs <= 0) {
      this.#holdAndRelease();
      return;
    }
    this.#cancelLook = clock.after(restMs, () => {
      this.#cancelLook = undefined;
      surviving(log, () => this.#holdAndRelease());
    });
  }

  close(): void {
    this.#cancelLook?.();
  }

  #holdAndRelease(): void {
    const { clock, store, heldBack, onRelease } = this.#options;
    this.#looksAgainAt = clock.now() + HOLDS_EVERY_MS;
    const nowMs = this.#nowMs();
    let isReleased = false;
    for (const user of new Set([...this.queue.users(), ...this.#held])) {
      const why = heldBack(user);
      const isHeld = this.#held.has(user);
      if (why !== undefined && (!isHeld || this.#joined.has(user))) {
        store.moveAll(user, { from: 'WAITING', event: 'hold' }, { nowMs, why });
        this.#held.add(user);
      } else if (why === undefined && isHeld) {
        store.moveAll(user, { from: 'OVER_WAITING', event: 'release' }, { nowMs, why: 'its user may use more again' });
        this.#held.delete(user);
        isReleased = true;
      }
      this.#joined.delete(user);
    }
    if (isReleased) onRelease();
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}
