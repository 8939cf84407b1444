/** Tries again what may work the next time, after pauses that double. */
import { StorageError as AnyStorageError, type StorageError } from './errors.js';
import type { StorageSettings } from './storage-options.js';

export const MAX_TRIES = 4;

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
