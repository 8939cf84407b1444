/**
 * Whether the node can do the work: looked at before the agent starts anything, and again every `recheckS` while it serves, so that a disk that
 * fills up, or a clock that runs away, is seen before the next user meets it.
 *
 * An agent whose node is not fit says why, lets its workers go, and holds the slot for `holdUnfitS`, so that the batch system does not send the
 * next pilot there at once; then it ends. One that was started by hand holds nothing when it finds that at its start. What is measured, and when it is enough: node-check.ts.
 */
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import type { AgentLife } from './agent-life.js';
import type { AgentSettings } from './settings.js';

/** The longest reason that a message carries. */
const REASON_LENGTH = 1000;

export interface FitnessOptions {
  readonly settings: Pick<AgentSettings, 'recheckS' | 'holdUnfitS'>;
  /** Found before the start. */
  readonly reasons: readonly string[];
  /** Looks at the node again. @returns why it is not fit (any more) */
  readonly recheck: () => Promise<readonly string[]>;
  readonly life: AgentLife;
  readonly clock: Clock;
  readonly log: Logger;
  /** At once, with each new finding. */
  readonly onUnfit: (reasons: readonly string[]) => void;
  /** The slot was held long enough. */
  readonly onHeld: (why: string) => void;
}

export class Fitness {
  readonly #options: FitnessOptions;
  #reasons: readonly string[];
  #checkedAt: number;
  #cancelHold: () => void = () => {};

  constructor(options: FitnessOptions) {
    this.#options = options;
    this.#reasons = options.reasons;
    this.#checkedAt = options.clock.now();
  }

  get isFit(): boolean {
    return this.#reasons.length === 0;
  }

  /** As they are told. */
  get reasons(): string[] {
    return this.#reasons.map((reason) => reason.slice(0, REASON_LENGTH));
  }

  /** Looks again, where it is time to. */
  async look(): Promise<void> {
    const { clock, settings, recheck, life } = this.#options;
    if (clock.now() - this.#checkedAt < settings.recheckS * 1000 || !this.isFit || !life.isServing) return;
    this.#checkedAt = clock.now();
    const reasons = await recheck();
    if (reasons.length > 0 && !life.isEnding) this.lose(reasons);
  }

  /** From now on the slot is only held. */
  lose(reasons: readonly string[], holdS = this.#options.settings.holdUnfitS): void {
    const { log, clock, onUnfit, onHeld } = this.#options;
    this.#reasons = reasons;
    for (const reason of reasons) log.error(`this node is not fit: ${reason}`);
    if (holdS > 0) log.info(`the slot is held for ${holdS} s, so that the next pilot does not land here at once`);
    onUnfit(this.reasons);
    this.#cancelHold();
    this.#cancelHold = clock.after(holdS * 1000, () => onHeld(reasons.join(' ')));
  }

  close(): void {
    this.#cancelHold();
  }
}
