/**
 * The life of an agent as a table: it serves, near the end of its slot it drains (nothing new, then out), and it ends once.
 * A node that is not fit serves nobody but lives on, to hold its slot: fitness.ts.
 */
export type LifeState = 'serving' | 'draining' | 'ending';
export type LifeEvent = 'drain' | 'end';

/** Every move there is; what is not in the table does nothing: there are several reasons to end, and the first counts. */
export const LIFE_MOVES: Readonly<Record<LifeState, Partial<Record<LifeEvent, LifeState>>>> = {
  serving: { drain: 'draining', end: 'ending' },
  draining: { end: 'ending' },
  ending: {},
};

export class AgentLife {
  #state: LifeState = 'serving';

  get isServing(): boolean {
    return this.#state === 'serving';
  }
  get isEnding(): boolean {
    return this.#state === 'ending';
  }

  /** @returns whether that is a move */
  take(event: LifeEvent): boolean {
    const to = LIFE_MOVES[this.#state][event];
    this.#state = to ?? this.#state;
    return to !== undefined;
  }
}
