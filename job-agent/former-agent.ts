/** What the agent before this one left running that nobody goes on with: its workers, stuck in users' code, and its xrootd. */
import { sendSignal } from '../protocol/process-id.js';
import { GUARD_MARK } from './guard/guard-script.js';
import { environmentOf, readProcesses } from './process-table.js';

/** Kills all of this slot but payloads and their guards. */
export function clearSlot(slot: string): void {
  for (const { pid } of readProcesses()) {
    if (pid === process.pid) continue;
    const environment = environmentOf(pid).split('\0');
    const isOfPayload = environment.some((one) => one === GUARD_MARK || one.startsWith('PROOF_JOB='));
    if (!isOfPayload && environment.includes(`PROOF_SLOT=${slot}`)) sendSignal(pid, 'SIGKILL');
  }
}
