/** One program of a payload, run by a guard (guard-script.ts): started here, or found with what an earlier agent had started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../protocol/clock.js';
import { isSameProcess, sendSignal } from '../../protocol/process-id.js';
import { ProcessFamily } from '../process-family.js';
import { GUARD_MARK, guardWords } from './guard-script.js';
import { type ProcessName, type ProgramEnd, parseProcessName, parseProgramEnd } from './program-files.js';

/** What an agent's guards have in common. */
export interface Guarding {
  /** The guard's script, as a file. */
  readonly script: string;
  /** The file that names the agent. */
  readonly owner: string;
  readonly patienceS: number;
}

export interface ProgramPlace {
  /** Of the payload. */
  readonly directory: string;
  /** Counts from 1. */
  readonly number: number;
  /** Value of PROOF_PAYLOAD. */
  readonly mark: string;
  readonly isConfined: boolean;
  readonly clock: Clock;
}

export interface ProgramStart extends Guarding, ProgramPlace {
  readonly work: string;
  /** PROOF_JOB */
  readonly job: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const ENDER: readonly [string, string] = [process.execPath, join(import.meta.dirname, 'end-payload.js')];
/** The guard of an earlier agent is no child: it is looked at so often. */
const LOOK_MS = 100;
const FIRST_LOOK_MS = 2;

export class GuardedProgram {
  readonly family: ProcessFamily;
  /** The guard, where it is a child of this agent. */
  readonly child: number | null;
  /** Settles when it has ended; null: its guard is gone and says nothing. */
  readonly ended: Promise<ProgramEnd | null>;
  readonly #place: ProgramPlace;
  readonly #guard: number;

  private constructor(
    place: ProgramPlace,
    of: { leader: number; guard: number; gone: Promise<void>; isChild: boolean },
  ) {
    this.#place = place;
    this.#guard = of.guard;
    this.child = of.isChild ? of.guard : null;
    this.family = new ProcessFamily({ leader: of.leader, mark: `PROOF_PAYLOAD=${place.mark}` });
    this.ended = of.gone.then(() => endOf(place) ?? null);
  }

  /** @throws {Error} with a sentence, where it cannot be started */
  static async start(start: ProgramStart): Promise<GuardedProgram> {
    const { script, ...rest } = start;
    const [file, ...words] = guardWords(script, { ...rest, name: nameOf(start), ender: ENDER });
    const [name, value] = GUARD_MARK.split('=') as [string, string];
    const child = spawn(file!, words, {
      cwd: '/',
      detached: true,
      stdio: 'ignore',
      env: { ...start.env, [name]: value },
    });
    let problem = 'its guard ended';
    child.once('error', (cause) => {
      problem = cause.message;
    });
    const gone = exitOf(child);
    const leader = await leaderOf(start, child);
    if (leader === undefined || child.pid === undefined) throw new Error(`it cannot be started: ${problem}`);
    return new GuardedProgram(start, { leader: leader.pid, guard: child.pid, gone, isChild: true });
  }

  /** One whose guard lives, or has told how it ended. */
  static find(place: ProgramPlace): GuardedProgram | undefined {
    const guard = nameIn(place, 'guard');
    const leader = nameIn(place, 'leader');
    if (guard === undefined || leader === undefined) return undefined;
    const runs = (): boolean => isSameProcess(guard.pid, guard.start);
    if (!runs() && endOf(place) === undefined) return undefined;
    const gone = new Promise<void>((resolve) => {
      const look = (): void => {
        if (runs()) place.clock.after(LOOK_MS, look);
        else resolve();
      };
      look();
    });
    return new GuardedProgram(place, { leader: leader.pid, guard: guard.pid, gone, isChild: false });
  }

  /** All its processes. @returns pids that do not go */
  endAll(): number[] {
    return this.family.endAll(this.#place.isConfined ? null : this.#place.directory);
  }

  /** Nobody needs to watch over it any more. */
  dismiss(): void {
    sendSignal(-this.#guard, 'SIGKILL');
  }
}

/** How it ended, for people; null: by itself. */
export function signalOf(status: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found === undefined ? null : found[0];
}

const nameOf = ({ number }: Pick<ProgramPlace, 'number'>): string => `program-${number}`;

function endOf(place: ProgramPlace): ProgramEnd | undefined {
  return parseProgramEnd(textIn(place, 'status'));
}
function nameIn(place: ProgramPlace, kind: 'guard' | 'leader'): ProcessName | undefined {
  return parseProcessName(textIn(place, kind));
}
function textIn({ directory, number }: ProgramPlace, kind: string): string {
  try {
    return readFileSync(join(directory, `${nameOf({ number })}.${kind}`), 'utf8');
  } catch {
    return ''; // not written yet
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve()); // there is no shell
  });
}

/** Written by the guard within milliseconds; undefined: it ended without. */
async function leaderOf(place: ProgramPlace, child: ChildProcess): Promise<ProcessName | undefined> {
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(LOOK_MS, waitMs * 1.5)) {
    const isOver = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    const leader = nameIn(place, 'leader');
    if (leader !== undefined || isOver) return leader;
    await new Promise<void>((resolve) => place.clock.after(waitMs, resolve));
  }
}
