/**
 * Ctrl-C during a query: at a terminal it asks (continue in the background, stop and keep what is merged, abort); elsewhere it aborts.
 * A second Ctrl-C aborts without asking; no answer (Enter, Ctrl-D) loses nothing: it is "continue". SIGTERM aborts.
 */
import { createInterface } from 'node:readline/promises';
import type { Screen } from '../show/screen.js';

export type Interruption = 'background' | 'stop' | 'abort' | 'continue';

/** Calls `act` with what the user chose; the returned function gives Ctrl-C back to the process. */
export function onInterrupt(screen: Screen, mayLeave: boolean, act: (choice: Interruption) => void): () => void {
  let asking = false;
  const interrupted = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGTERM' || asking || !process.stdin.isTTY || !process.stderr.isTTY) {
      act('abort');
      return;
    }
    asking = true;
    screen
      .asking(() => ask(mayLeave))
      .then((choice) => {
        asking = false;
        act(choice);
      });
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  return () => {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  };
}

async function ask(mayLeave: boolean): Promise<Interruption> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const second = new Promise<Interruption>((resolve) => lines.once('SIGINT', () => resolve('abort')));
  const gone = new Promise<Interruption>((resolve) => lines.once('close', () => resolve('continue')));
  lines.on('error', () => {}); // of a terminal that is gone
  const background = mayLeave ? '[b]ackground, ' : '';
  const answer = lines
    .question(`\nInterrupted: ${background}[s]top and keep what is merged, [a]bort, or [c]ontinue? `)
    .then((text): Interruption => {
      const letter = text.trim().toLowerCase()[0];
      if (letter === 'b' && mayLeave) return 'background';
      return letter === 's' ? 'stop' : letter === 'a' ? 'abort' : 'continue';
    })
    .catch((): Interruption => {
      process.stderr.write('\n');
      return 'continue'; // Ctrl-D
    });
  const choice = await Promise.race([answer, second, gone]);
  lines.close();
  return choice;
}
