/**
 * All processes of one program that this agent has started, wherever they went: its process group and session, its pid namespace, what bears
 * its mark in the environment that it was started with, and all that these have started as far as it was seen; one that was seen stays known.
 *
 * Inside a pid namespace nothing can get away. Without one, a process that empties its environment, begins a session of its own and loses its
 * parent between two looks is found at the end, by the directory that it works in or has files open in.
 */
import { setPriority } from 'node:os';
import { sendSignal } from '../protocol/process-id.js';
import { isMarked, type ProcessFacts, pidNamespaceOf, readProcesses, usesDirectory } from './process-table.js';

export interface FamilyOptions {
  /** The process that was started, first of its group and session; null: its id is another one's by now. */
  readonly leader: number | null;
  /** `NAME=value` of its environment; null: none. */
  readonly mark: string | null;
}

const LOWEST_PRIORITY = 19;
/** A process may start another one while it is being ended. */
const MOST_ROUNDS = 20;

const PAUSE_MS = 5;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

const identity = ({ pid, start }: ProcessFacts): string => `${pid}.${start}`;

export class ProcessFamily {
  readonly #options: FamilyOptions;
  readonly #members = new Set<string>();
  /** Looked at, and not of this family; what they are does not change. */
  readonly #strangers = new Set<string>();
  readonly #ownNamespace = pidNamespaceOf(process.pid);
  /** Of the family, where it is not ours. */
  #namespace: string | undefined;

  constructor(options: FamilyOptions) {
    this.#options = options;
  }

  /** @param all of the machine, where they were just read */
  members(all: readonly ProcessFacts[] = readProcesses()): ProcessFacts[] {
    const found = new Map<number, ProcessFacts>();
    for (const facts of all) if (this.#isMember(facts)) found.set(facts.pid, facts);
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const facts of all) if (!found.has(facts.pid) && found.has(facts.parent)) found.set(facts.pid, facts);
    }
    for (const facts of found.values()) {
      this.#members.add(identity(facts));
      this.#strangers.delete(identity(facts));
    }
    return [...found.values()];
  }

  usage(all?: readonly ProcessFacts[]): { cpuSeconds: number; memoryBytes: number } {
    const members = this.members(all);
    return {
      cpuSeconds: members.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      memoryBytes: members.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    };
  }

  /** To the group at once, then to those outside of it. */
  signal(name: NodeJS.Signals): void {
    const members = this.members();
    this.#signalGroup(name);
    for (const { pid, group } of members) if (group !== this.#options.leader) sendSignal(pid, name);
  }

  /** To end by itself: what confines the program is not asked, since all inside would be killed with it. */
  askToEnd(): void {
    const members = this.members();
    const inside = members.filter(
      ({ pid }) => this.#namespace !== undefined && pidNamespaceOf(pid) === this.#namespace,
    );
    for (const { pid } of this.#namespace === undefined ? members : inside) sendSignal(pid, 'SIGTERM');
  }

  lowerPriority(): void {
    for (const { pid } of this.members())
      try {
        setPriority(pid, LOWEST_PRIORITY);
      } catch {
        // it has just ended
      }
  }

  /** Kills all, and those that use the directory, where one is given: nobody else has any business there. @returns pids that do not go */
  endAll(directory: string | null): number[] {
    this.#signalGroup('SIGKILL');
    let left: ProcessFacts[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const all = readProcesses().filter(({ pid }) => pid !== process.pid);
      left = this.members(all);
      if (left.length === 0 && directory !== null) left = all.filter(({ pid }) => usesDirectory(pid, directory));
      if (left.length === 0) return [];
      for (const { pid } of left) sendSignal(pid, 'SIGKILL');
      Atomics.wait(PAUSE, 0, 0, PAUSE_MS); // the kernel ends them in its own time
    }
    return left.map(({ pid }) => pid);
  }

  #signalGroup(name: NodeJS.Signals): void {
    if (this.#options.leader !== null) sendSignal(-this.#options.leader, name);
  }

  #isMember(facts: ProcessFacts): boolean {
    const { leader, mark } = this.#options;
    if (facts.pid === process.pid) return false;
    const key = identity(facts);
    if (this.#members.has(key)) return true;
    if (facts.group === leader || facts.session === leader) {
      this.#learnNamespace(facts.pid);
      return true;
    }
    if (this.#strangers.has(key)) return false;
    if (mark !== null && isMarked(facts.pid, mark)) return true;
    if (this.#namespace !== undefined && pidNamespaceOf(facts.pid) === this.#namespace) return true;
    this.#strangers.add(key);
    return false;
  }

  #learnNamespace(pid: number): void {
    if (this.#namespace !== undefined) return;
    const namespace = pidNamespaceOf(pid);
    if (namespace === undefined || namespace === this.#ownNamespace) return;
    this.#namespace = namespace;
    this.#strangers.clear();
  }
}
