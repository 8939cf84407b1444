/**
 * For workers and masters: what V8 optimises, and with how many threads.
 *
 * A query lasts a second as often as an hour, and every core has a worker that is busy. There V8's own threads take a worker's time: with its
 * defaults a tenth of such a second, mostly to optimise functions that are called a few hundred times. So the baseline compiler, which is
 * cheap, compiles all at once, only what is truly hot is optimised (a user's loop is so within milliseconds), and short garbage collections
 * are done by the thread that needs them. A V8 that does not know a flag says so on standard error and goes on. Measured by bench/rate.
 */
import { setFlagsFromString } from 'node:v8';

/** @param interruptBudget bytes of bytecode that a function runs through before V8 looks at it: 66 kB in V8 11. Before much has run. */
export function useFewerThreads(interruptBudget: number): void {
  setFlagsFromString('--sparkplug');
  setFlagsFromString('--always-sparkplug');
  setFlagsFromString(`--interrupt-budget=${interruptBudget}`);
  setFlagsFromString('--no-parallel-scavenge');
}
