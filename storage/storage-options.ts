/** How to reach storage: credentials, deadlines, clock. Everything is passed in; only the programs' edges read the environment. */
import { type Clock, systemClock } from '../protocol/clock.js';

export interface StorageOptions {
  /** Longest wait for any one answer, connecting included, in ms. Default 30 000. */
  readonly deadlineMs?: number;
  /** Time for deadlines and pauses. Default: the system's. */
  readonly clock?: Clock;
}

export interface StorageSettings {
  readonly deadlineMs: number;
  readonly clock: Clock;
}

export const DEFAULT_DEADLINE_MS = 30_000;

/** The options with their defaults. */
export function settingsOf(options: StorageOptions = {}): StorageSettings {
  return { ...options, deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS, clock: options.clock ?? systemClock };
}
