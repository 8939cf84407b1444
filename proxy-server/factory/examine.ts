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
const BY_STATUS: ReadonlyMap<number, { readonly kind: FailureClass; readonly meaning: string }> = new Map([
  [2, { kind: 'settings', meaning: 'its settings cannot be used' }],
  [10, { kind: 'unfit node', meaning: 'no place to write, or not fit' }],
  [11, { kind: 'refused', meaning: 'the ProxyServer refused it' }],
  [12, { kind: 'no connection', meaning: 'nothing comes from the ProxyServer' }],
  [13, { kind: 'payload', meaning: 'the payload came damaged' }],
  [14, { kind: 'payload', meaning: 'the payload is for another platform' }],
  [15, { kind: 'payload', meaning: 'the node has neither curl nor wget' }],
]);

export function examine(status: BatchStatus, output: string): { kind: FailureClass; why: string } {
  const kind = classify(status);
  const seen = [
    status.exitStatus === null ? null : inWords(status.exitStatus),
    status.why,
    lastMeaningfulLine(output),
  ].filter((part) => part !== null && part !== '');
  return { kind, why: `${kind}: ${seen.length === 0 ? 'it left no word' : seen.join('; ')}`.slice(0, 1000) };
}

/** An agent ended because its node check failed. */
export function isUnfit(status: BatchStatus): boolean {
  return classify(status) === 'unfit node';
}

/** Where nodes cannot send a log, the status is all that is known. */
function inWords(exitStatus: number): string {
  const meaning = BY_STATUS.get(exitStatus)?.meaning;
  return meaning === undefined ? `exit status ${exitStatus}` : `exit status ${exitStatus}: ${meaning}`;
}

function classify(status: BatchStatus): FailureClass {
  if (status.state === 'running') return 'silent';
  if (status.exitStatus !== null)
    return BY_STATUS.get(status.exitStatus)?.kind ?? (status.exitStatus === 0 ? 'unknown' : 'crashed');
  return status.why !== null && /kill|signal|SIG[A-Z]+/i.test(status.why) ? 'killed' : 'unknown';
}

/** The last line that tells an error, else the last line at all; lines of a JavaScript stack say nothing to people. */
function lastMeaningfulLine(output: string): string | null {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  const telling = lines.findLast((line) => /\berror\b|Error:|\bfatal\b|cannot|not found|denied|refused/i.test(line));
  return (telling ?? lines.at(-1))?.trim().slice(0, 500) ?? null;
}
