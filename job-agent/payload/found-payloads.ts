/** The payloads that an agent finds of the one before it: each is claimed against its guard, and what can be gone on with is told. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import { GuardedProgram } from '../guard/guarded-program.js';
import { endPayload } from '../guard/payload-left.js';
import type { ProcessName } from '../guard/program-files.js';
import { type PayloadRecord, RecordFile } from './payload-record.js';
import { type TakeOver, takeOver } from './take-over.js';

export interface FoundPayload {
  readonly order: JobOrder;
  readonly record: PayloadRecord;
  readonly how: TakeOver;
  /** The last one that was started. */
  readonly program: GuardedProgram | undefined;
}

const PREFIX = 'job-';
/** @param key `JOB.RUN` */
export const directoryOf = (key: string): string => `${PREFIX}${key}`;

/** @param former the agent that had them; what cannot be gone on with is ended and removed */
export function findPayloads(
  directory: string,
  { former, isConfined, clock, log }: { former: ProcessName; isConfined: boolean; clock: Clock; log: Logger },
): FoundPayload[] {
  const names = readdirSync(directory).filter((name) => name.startsWith(PREFIX));
  const payloads = names.map((name) => join(directory, name)).filter((payload) => claim(payload, former));
  return payloads.flatMap((payload) => {
    const found = new RecordFile(payload).read();
    if (found !== undefined) {
      const { order, record } = found;
      const { mark, programs } = record;
      const program = GuardedProgram.find({ directory: payload, number: programs, mark, isConfined, clock });
      const how = takeOver(record, program !== undefined);
      if (how !== 'drop') return [{ order, record, how, program }];
      endPayload(payload, { mark: `PROOF_PAYLOAD=${mark}`, isConfined });
    }
    log.warn('a payload of the agent before this one cannot be gone on with', { payload });
    rmSync(payload, { recursive: true, force: true, maxRetries: 3 });
    return [];
  });
}

/** @returns false where its guard was first: it ends everything */
function claim(payload: string, { pid, start }: ProcessName): boolean {
  try {
    mkdirSync(join(payload, `left.${pid}.${start}`));
    return true;
  } catch {
    return false;
  }
}
