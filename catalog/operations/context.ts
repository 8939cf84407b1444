/** What every operation works on: the stores of its connection and the time of the call, as ms since 1970. */
import type { Stores } from '../store/stores.js';

export interface Context {
  readonly stores: Stores;
  readonly nowMs: number;
}
