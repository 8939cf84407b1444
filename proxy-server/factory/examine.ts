/**
 * Why a pilot never registered: from its exit status, what the batch system says, and the end of its output. Pure.
 * The classes are few, so that one can count them; the sentence names what was seen.
 */
import type { BatchStatus } from '../sites/site.js';

export type FailureClass =
  | 'unfit node'
  | 'refused'
  | 'no connection'
  | 'killed'
  | 'settings'
  | 'payload'
  | 'crashed'
  | 'silent'
  | 'unknown';

/** Exit statuses of agent (job-agent/exit-status.ts), script and payload (sites/): what a pilot promises to whoever runs it. */
const BY_STATUS: ReadonlyMap<number, FailureClass> = new Map([
  [2, 'settings'],
  [10, 'unfit node'],
  [11, 'refused'],
  [12, 'no connection'],
  [13, 'payload'],
  [14, 'payload'],
  [15, 'payload'],
]);

export function examine(status: BatchStatus, output: string): { kind: FailureClass; why: string } {
  const kind = classify(status);
  const seen = [
    status.exitStatus === null ? null : `exit status ${status.exitStatus}`,
    status.why,
    lastMeaningfulLine(output),
  ].filter((part) => part !== null && part !== '');
  return { kind, why: `${kind}: ${seen.length === 0 ? 'it left no word' : seen.join('; ')}`.slice(0, 1000) };
}

function classify(status: BatchStatus): FailureClass {
  if (status.state === 'running') return 'silent';
  if (status.exitStatus !== null)
    return BY_STATUS.get(status.exitStatus) ?? (status.exitStatus === 0 ? 'unknown' : 'crashed');
  return status.why !== null && /kill|signal|SIG[A-Z]+/i.test(status.why) ? 'killed' : 'unknown';
}

/** The last line that tells an error, else the last line at all; lines of a JavaScript stack say nothing to people. */
function lastMeaningfulLine(output: string): string | null {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  const telling = lines.findLast((line) => /\berror\b|Error:|\bfatal\b|cannot|not found|denied|refused/i.test(line));
  return (telling ?? lines.at(-1))?.trim().slice(0, 500) ?? null;
}
