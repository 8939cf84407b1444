/** How far a long command is: one line at a terminal that is written over; nothing elsewhere. */

const EVERY_MS = 250;

export interface LiveLine {
  /** A line on standard error that stays. */
  say(line: string): void;
  /** Ends and wipes it. */
  end(): void;
}

export function liveLine(text: () => string): LiveLine {
  const isShown = process.stderr.isTTY === true;
  const wipe = isShown ? '\r\x1b[K' : '';
  const timer = isShown ? setInterval(() => process.stderr.write(`${wipe}${text()}`), EVERY_MS) : undefined;
  return {
    say: (line) => void process.stderr.write(`${wipe}${line}\n`),
    end: () => {
      clearInterval(timer);
      process.stderr.write(wipe);
    },
  };
}
