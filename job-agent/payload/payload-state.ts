/** How far a payload is, and what it has used: in memory, and written down where there may be an agent after this one. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder, PayloadEnd, PayloadReport } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import { type PayloadRecord, RecordFile } from './payload-record.js';
import { RunTime } from './run-time.js';

export type Phase = PayloadReport['phase'] | 'waiting';
export type Ending = Pick<PayloadEnd, 'outcome' | 'why'>;

export interface PayloadStateOptions {
  readonly order: JobOrder;
  readonly directory: string;
  readonly isKept: boolean;
  readonly found: PayloadRecord | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export class PayloadState {
  phase: Phase;
  ending: Ending | null;
  exitCode: number | null;
  end: PayloadEnd | null;
  /** Value of PROOF_PAYLOAD: another ProxyServer may have a job of the same number on this node. */
  readonly mark: string;
  /** Started so far: itself, then its validation. */
  programs: number;
  validation: string | null;
  /** It was suspended for as long as it may be. */
  insists: boolean;
  cpuSeconds: number;
  memoryBytes: number;
  /** Of programs of this payload that have ended. */
  #cpuBefore: number;
  readonly #time: RunTime;
  readonly #options: PayloadStateOptions;
  #file: RecordFile | null;

  constructor(options: PayloadStateOptions) {
    this.#options = options;
    const { order, directory, isKept, found } = options;
    this.phase = found?.phase ?? 'waiting';
    this.ending = found?.ending ?? null;
    this.exitCode = found?.exitCode ?? null;
    this.end = found?.end ?? null;
    this.mark = found?.mark ?? randomBytes(12).toString('hex');
    this.programs = found?.programs ?? 0;
    this.validation = found?.validation ?? null;
    this.insists = found?.insists ?? false;
    this.cpuSeconds = found?.cpuSeconds ?? 0;
    this.memoryBytes = found?.memoryBytes ?? 0;
    this.#cpuBefore = found?.cpuBefore ?? 0;
    const onClock = (at: number | null = null): number | null => (at === null ? null : at - this.#sinceMs());
    this.#time = new RunTime({
      startedAt: onClock(found?.startedAt),
      suspendedAt: onClock(found?.suspendedAt),
      suspendedMs: found?.suspendedMs ?? 0,
    });
    this.#file = isKept ? new RecordFile(directory) : null;
    if (found === undefined) this.#file?.create(order, this.#recorded());
  }

  /** Another program is about to be started. */
  nextProgram(): void {
    this.programs++;
    this.#cpuBefore = this.cpuSeconds;
    this.keep();
  }
  runs(): void {
    this.#time.start(this.#nowMs());
    if (this.phase !== 'suspended') this.phase = 'running';
  }
  suspended(): void {
    this.phase = 'suspended';
    this.#time.suspend(this.#nowMs());
  }
  continued(): void {
    this.phase = 'running';
    this.#time.continue(this.#nowMs());
  }
  /** Its programs are over; the time of saving is not its own. */
  over(ending: Ending, exitCode: number | null): void {
    this.phase = 'saving';
    this.ending = ending;
    this.exitCode = exitCode;
    this.#time.suspend(this.#nowMs());
  }

  /** Of the program that was started last. */
  used({ cpuSeconds, memoryBytes = 0 }: { cpuSeconds: number; memoryBytes?: number }): void {
    this.cpuSeconds = Math.max(this.cpuSeconds, this.#cpuBefore + cpuSeconds);
    this.memoryBytes = Math.max(this.memoryBytes, memoryBytes);
  }

  /** Without the time that it was suspended. */
  get wallSeconds(): number {
    return this.#time.seconds(this.#nowMs());
  }
  get suspendedSeconds(): number {
    return this.#time.suspendedMs / 1000;
  }

  /** Writes it down. A full disk must not end a payload. */
  keep(): void {
    try {
      this.#file?.write(this.#recorded());
    } catch (error) {
      const { log, order } = this.#options;
      log.warn(`the state of a payload is not kept: ${(error as Error).message}`, { jobId: order.jobId });
    }
  }

  /** Its directory goes. */
  forget(): void {
    this.#file = null;
  }

  #recorded(): PayloadRecord {
    const { phase, mark, programs, validation, cpuSeconds, memoryBytes, insists, ending, exitCode, end } = this;
    const inTime = (at: number | null): number | null => (at === null ? null : at + this.#sinceMs());
    return {
      ...{ phase, mark, programs, validation, cpuSeconds, memoryBytes, insists, ending, exitCode, end },
      cpuBefore: this.#cpuBefore,
      startedAt: inTime(this.#time.startedAt),
      suspendedAt: inTime(this.#time.suspendedAt),
      suspendedMs: this.#time.suspendedMs,
    };
  }

  #nowMs(): number {
    return this.#options.clock.now();
  }
  /** From the clock's time to ms since 1970. */
  #sinceMs(): number {
    const { clock } = this.#options;
    return clock.date().getTime() - clock.now();
  }
}
