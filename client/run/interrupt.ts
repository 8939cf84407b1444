/**
 * Ctrl-C during a query: at a terminal it asks (continue in the background, stop and keep what is merged, abort); elsewhere it aborts.
 * A second Ctrl-C aborts without asking; no answer (Enter, Ctrl-D) loses nothing: it is "continue". SIGTERM aborts.
 */
import { createInterface } from 'node:readline/promises';
import { answerSignals } from '../answer-signals.js';
import type { Screen } from '../show/screen.js';

export type Interruption = 'background' | 'stop' | 'abort' | 'continue';

/** Of a command that is a process of its own; at the prompt of a session the others are told to the whole. */
export const INTERRUPTIONS = ['SIGINT', 'SIGTERM'] as const;

/** Calls `act` with what the user chose; the returned function gives the signals back to who answered them before. */
export function onInterrupt(
  { screen, mayLeave, signals }: { screen: Screen; mayLeave: boolean; signals: readonly NodeJS.Signals[] },
  act: (choice: Interruption) => void,
): () => void {
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
  return answerSignals(signals, interrupted);
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
