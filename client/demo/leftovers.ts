/** Processes of this installation that run now: the demonstration compares before and after. Linux: /proc. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const installation = join(import.meta.dirname, '..', '..');

/** pid -> command line, of every living process that runs a file of this installation (this one left out). */
export function ownProcesses(): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.some((word) => word.startsWith(installation))) found.set(pid, words.join(' ').trim());
    } catch {
      // It ended while we looked: exactly what is hoped for.
    }
  }
  return found;
}

/** Waits until no process is left that was not there `before`; gives those that remain after `graceMs`. */
export async function processesLeft(before: ReadonlyMap<number, string>, graceMs: number): Promise<string[]> {
  const until = performance.now() + graceMs;
  for (;;) {
    const left = [...ownProcesses()].filter(([pid]) => !before.has(pid)).map(([pid, command]) => `${pid} ${command}`);
    if (left.length === 0 || performance.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
