/**
 * The processes of a payload: all that carry its mark in the environment they were started with, or are in its process group, so that
 * those that began a group of their own are found as well. Reads /proc; where there is none, only the group is known.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of all Linux systems that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
const LOWEST_PRIORITY = 19;

interface ProcessFacts {
  readonly pid: number;
  readonly group: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

export class PayloadProcesses {
  readonly #mark: string;
  readonly #group: number;

  /** @param mark `NAME=value` of its environment @param group pid of the leader of its process group */
  constructor(mark: string, group: number) {
    this.#mark = `${mark}\0`;
    this.#group = group;
  }

  usage(): { cpuSeconds: number; memoryBytes: number } {
    const all = this.#all();
    return {
      cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      memoryBytes: all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    };
  }

  /** To the group at once, then to those outside of it. */
  signal(name: NodeJS.Signals): void {
    send(-this.#group, name);
    for (const { pid, group } of this.#all()) if (group !== this.#group) send(pid, name);
  }

  lowerPriority(): void {
    for (const { pid } of this.#all())
      try {
        setPriority(pid, LOWEST_PRIORITY);
      } catch {
        // it has just ended
      }
  }

  #all(): ProcessFacts[] {
    const found: ProcessFacts[] = [];
    for (const name of pids()) {
      const facts = factsOf(name);
      if (facts !== undefined && (facts.group === this.#group || this.#isMarked(name))) found.push(facts);
    }
    return found;
  }

  #isMarked(pid: string): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.#mark);
    } catch {
      return false; // another user's, or it has just ended
    }
  }
}

function pids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc here
  }
}

function factsOf(pid: string): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has just ended
  }
  // The name in parentheses may hold anything; the fields behind it count from 3 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(pid),
    group: field(5),
    // Its own time and that of children it has waited for.
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS_PER_SECOND,
    memoryBytes: field(24) * PAGE_BYTES,
  };
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: nothing is left, as wished
  }
}
