/** Merged outputs while a query runs: to clients that want them, when they changed, about once a second. Pure: time is passed in. */
import { MAX_FRAME_BYTES } from '../../protocol/frame.js';

const EVERY_MS = 1_000;
/** What fits into one frame, with room for its other fields. */
const MOST_STATE_BYTES = MAX_FRAME_BYTES - 1024 * 1024;

export class LiveOutputs {
  #isWanted = false;
  #hasChanged = false;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** A client wants to see them, and has seen none: it gets those that are there, though nothing may come for long. */
  want(): void {
    this.#isWanted = true;
    this.#hasChanged = true;
  }
  changed(): void {
    this.#hasChanged = true;
  }
  /** Undefined: nothing (new) to show now, or more than can be sent. */
  due(now: number, encode: () => Uint8Array): Uint8Array | undefined {
    if (!this.#isWanted || !this.#hasChanged || now - this.#sentAt < EVERY_MS) return undefined;
    this.#sentAt = now;
    this.#hasChanged = false;
    const state = encode();
    return state.length > 0 && state.length <= MOST_STATE_BYTES ? state : undefined;
  }
}
