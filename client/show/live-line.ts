/** How far a long command is: one line at a terminal that is written over; nothing elsewhere. */
import { MovingLine } from './moving-line.js';
import { complain } from './tell.js';
import { isDrawnOn } from './terminal.js';

const EVERY_MS = 250;

export interface LiveLine {
  /** A line on standard error that stays. */
  say(line: string): void;
  /** Ends and wipes it. */
  end(): void;
}

export function liveLine(text: () => string): LiveLine {
  const line = isDrawnOn(process.stderr) ? new MovingLine(process.stderr) : undefined;
  const timer = line === undefined ? undefined : setInterval(() => line.show(text), EVERY_MS);
  return {
    say: (words) => {
      line?.wipe();
      complain(words);
    },
    end: () => {
      clearInterval(timer);
      line?.wipe();
    },
  };
}
