/** How far a long command is: one line at a terminal that is written over; nothing elsewhere. */

const EVERY_MS = 250;

/** @returns what ends and wipes it */
export function liveLine(text: () => string): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const timer = setInterval(() => {
    process.stderr.write(`\r\x1b[K${text()}`);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
}
