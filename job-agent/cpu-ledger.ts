/**
 * CPU time of the agent's workers and payloads, children included, as cumulative counters by process: whoever is told them twice counts once.
 *
 * While a process lives its family is looked at now and then. When it has ended, the kernel has added its whole time, down to its last child that
 * was waited for, to that of this agent's ended children: the difference since the last end is its own (where several ended at the same moment,
 * what the others had at the last look is left to them). bubblewrap does not wait for what it confines: there the last look is what counts.
 */
import type { ProcessUse } from '../protocol/agent-messages.js';
import type { ProcessFamily } from './process-family.js';
import { type ProcessFacts, readProcess, readProcesses } from './process-table.js';

interface Process {
  readonly family: ProcessFamily;
  /** The child of this agent whose end is waited for; null: it is a child of an agent before this one. */
  readonly child: number | null;
  readonly kind: ProcessUse['kind'];
}

interface Entry extends Process {
  sessionId: string | null;
  cpuSeconds: number;
  /** It has ended, and was told so often since. */
  toldAfterEnd: number | null;
}

/** Ends are told so often: a connection may break under the first. */
const TELL_ENDS = 3;

export class CpuLedger {
  readonly #entries = new Map<string, Entry>();
  /** Of the agent's ended children, attributed already. */
  #attributed = endedChildrenSeconds();

  /** @param process `JOB.RUN`, or the worker's id */
  started(process: string, of: Process): void {
    this.#entries.set(process, { ...of, sessionId: null, cpuSeconds: 0, toldAfterEnd: null });
  }

  attached(process: string, sessionId: string): void {
    const entry = this.#entries.get(process);
    if (entry !== undefined) entry.sessionId = sessionId;
  }

  /** Its exit was just heard of: nothing was awaited since. @param told what its guard says of it @returns its CPU time */
  ended(process: string, told = 0): number {
    const entry = this.#entries.get(process);
    if (entry === undefined) return 0;
    if (entry.child !== null) entry.cpuSeconds = Math.max(entry.cpuSeconds, this.#freshOf(entry));
    entry.cpuSeconds = Math.max(entry.cpuSeconds, told);
    entry.toldAfterEnd = 0;
    return entry.cpuSeconds;
  }

  #freshOf(entry: Entry): number {
    const fresh = endedChildrenSeconds() - this.#attributed;
    const others = [...this.#entries.values()].filter(
      (other) =>
        other !== entry &&
        other.toldAfterEnd === null &&
        other.child !== null &&
        readProcess(other.child) === undefined,
    );
    const theirs = others.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    const own = Math.max(0, fresh - theirs);
    this.#attributed += own;
    return own;
  }

  /** Somebody has just looked at it. */
  seen(process: string, cpuSeconds: number): void {
    const entry = this.#entries.get(process);
    if (entry !== undefined) entry.cpuSeconds = Math.max(entry.cpuSeconds, cpuSeconds);
  }

  look(all: readonly ProcessFacts[] = readProcesses()): void {
    for (const entry of this.#entries.values())
      if (entry.toldAfterEnd === null)
        entry.cpuSeconds = Math.max(entry.cpuSeconds, entry.family.usage(all).cpuSeconds);
  }

  /** What is to be told now; calling it counts as telling. */
  report(): ProcessUse[] {
    const uses = [...this.#entries].map(([process, { kind, sessionId, cpuSeconds }]) => ({
      process,
      kind,
      sessionId,
      cpuSeconds,
    }));
    for (const [process, entry] of this.#entries)
      if (entry.toldAfterEnd !== null && ++entry.toldAfterEnd >= TELL_ENDS) this.#entries.delete(process);
    return uses;
  }
}

function endedChildrenSeconds(): number {
  return readProcess(process.pid)?.endedChildrenSeconds ?? 0;
}
