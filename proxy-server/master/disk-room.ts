/** Writing to a disk that is full: tried again until somebody has made room, so that a query waits instead of failing. */
import { type Clock, systemClock } from '../../protocol/clock.js';

export interface RoomOptions {
  readonly clock?: Clock;
  /** The disk is full, or there is room again. */
  readonly onFull?: (isFull: boolean) => void;
  /** Nobody waits for it any more. */
  readonly isOver?: () => boolean;
}

const LOOK_MS = 500;
const GIVE_UP_MS = 600_000;
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT'];

/** @param write leaves nothing behind when it fails. @throws its failure, where that is another one or lasts ten minutes */
export async function whenThereIsRoom<T>(write: () => Promise<T>, options: RoomOptions = {}): Promise<T> {
  const { clock = systemClock, onFull = () => {}, isOver = () => false } = options;
  const start = clock.now();
  for (let tries = 0; ; tries++) {
    try {
      const written = await write();
      if (tries > 0) onFull(false);
      return written;
    } catch (error) {
      const isFull = FULL.includes((error as NodeJS.ErrnoException).code);
      if (!isFull || isOver() || clock.now() - start > GIVE_UP_MS) throw error;
      if (tries === 0) onFull(true);
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  }
}
