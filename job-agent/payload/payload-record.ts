/** What an agent writes down of a payload, beside its directory of work, for the agent that comes after it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checked, parseJson } from '../../protocol/check.js';
import { count } from '../../protocol/ids.js';
import { type JobOrder, jobOrder, payloadEnd, payloadOutcome } from '../../protocol/job-messages.js';

const time = z.number().nullable();

export const payloadRecord = z.object({
  phase: z.enum(['waiting', 'started', 'running', 'suspended', 'saving', 'ended']),
  /** Value of PROOF_PAYLOAD. */
  mark: z.string().min(1),
  /** Started so far: itself, then its validation. */
  programs: count,
  /** A path. */
  validation: z.string().nullable(),
  /** ms since 1970 */
  startedAt: time,
  /** ms since 1970; null: it is not suspended. */
  suspendedAt: time,
  suspendedMs: z.number(),
  cpuSeconds: z.number(),
  /** Of `cpuSeconds`, that of programs that have ended. */
  cpuBefore: z.number(),
  memoryBytes: z.number(),
  insists: z.boolean(),
  /** Why it is being ended, or how it has ended. */
  ending: z.object({ outcome: payloadOutcome, why: z.string() }).nullable(),
  exitCode: z.number().nullable(),
  /** As the ProxyServer is told it. */
  end: payloadEnd.nullable(),
});
export type PayloadRecord = z.infer<typeof payloadRecord>;

/** Of one payload; the order does not change, and may be long. */
export class RecordFile {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  create(order: JobOrder, record: PayloadRecord): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#write('order.json', order);
    this.write(record);
  }
  write(record: PayloadRecord): void {
    this.#write('record.json', record);
  }

  /** undefined: it was not complete when its agent died. */
  read(): { order: JobOrder; record: PayloadRecord } | undefined {
    try {
      return {
        order: checked(jobOrder, parseJson(this.#text('order.json'))),
        record: checked(payloadRecord, parseJson(this.#text('record.json'))),
      };
    } catch {
      return undefined;
    }
  }

  #text(name: string): string {
    return readFileSync(join(this.#directory, name), 'utf8');
  }

  /** Whole or not at all: whoever reads it was not there when it was written. */
  #write(name: string, value: unknown): void {
    const file = join(this.#directory, name);
    writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
