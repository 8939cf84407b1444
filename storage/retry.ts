/** Tries again what may work the next time, after pauses that double. */
import { StorageError as AnyStorageError, type StorageError } from './errors.js';
import type { StorageSettings } from './storage-options.js';

export const MAX_TRIES = 4;
const FIRST_LOOK_PAUSE_MS = 100;
const LOOKS = 6;

/** An error may know how long to wait (`Retry-After`). */
export interface RetryAdvice {
  readonly retryAfterMs?: number | undefined;
}

/** @throws the last failure, or the first that no retry can help */
export async function withRetries<T>(settings: StorageSettings, run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AnyStorageError) || !error.retryable || tries === MAX_TRIES) throw error;
      const advised = (error as StorageError & RetryAdvice).retryAfterMs ?? 0;
      if (advised > settings.deadlineMs) throw error;
      const pauseMs = Math.max(advised, settings.retryPauseMs * 2 ** (tries - 1));
      await new Promise<void>((resolve) => void settings.clock.after(pauseMs, resolve));
    }
  }
}

/** Servers of a cluster tell their manager what is new with them, which takes a moment. Looks until it is seen, for 3 s at most. */
export async function untilSeen(settings: StorageSettings, isSeen: () => Promise<boolean>): Promise<void> {
  for (let looks = 1; !(await isSeen()) && looks < LOOKS; looks++)
    await new Promise<void>((resolve) => void settings.clock.after(FIRST_LOOK_PAUSE_MS * 2 ** (looks - 1), resolve));
}
