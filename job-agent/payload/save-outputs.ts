/** The end of a payload, once its processes are gone: what it wrote is kept where its order says, and that may change how it ended. */
import type { JobOrder, PayloadEnd } from '../../protocol/job-messages.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { chooseOutputs, type OutputFile } from './choose-outputs.js';
import { filesBelow } from './stage.js';
import { type StageOut, stageOut } from './stage-out.js';

type Ending = Pick<PayloadEnd, 'outcome' | 'why'>;

/** The ProxyServer keeps no more of one job. */
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
const MOST_TOLD = 10;
const LONGEST_WHY = 2000;

export async function saveOutputs(
  ending: Ending,
  order: Pick<JobOrder, 'outputs' | 'errorOutputs'>,
  { work, archives, storage }: { work: string; archives: string; storage: StorageOptions },
): Promise<Pick<PayloadEnd, 'outcome' | 'why' | 'files' | 'stored'>> {
  const found = filesBelow(work);
  const missing = ending.outcome === 'done' ? chooseOutputs(found, order.outputs).missing : [];
  const names = missing.slice(0, MOST_TOLD).join(', ');
  const ended: Ending =
    missing.length === 0 ? ending : { outcome: 'failed', why: `the payload did not write ${names}` };
  const { toStore, kept } = chooseOutputs(found, ended.outcome === 'done' ? order.outputs : order.errorOutputs);
  const total = kept.reduce((sum, { size }) => sum + size, 0);
  const out = await stageOut(toStore, { work, archives }, storage).catch(
    (error: Error): StageOut => ({ stored: [], scarce: [], lost: [error.message] }),
  );
  const isTooMuch = total > MOST_OUTPUT_BYTES;
  const tooMuch = isTooMuch ? [tooMuchSentence(kept, total)] : [];
  const files = isTooMuch ? [] : [...kept];
  return { ...verdict(ended, out, tooMuch), files, stored: [...out.stored] };
}

function tooMuchSentence(kept: readonly OutputFile[], total: number): string {
  const { name } = kept.reduce((most, next) => (next.size > most.size ? next : most));
  const inMB = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;
  return (
    `its output of ${inMB(total)} (most of it: ${name}) is more than the ${inMB(MOST_OUTPUT_BYTES)} that the ProxyServer keeps; ` +
    'write it to a file that OutputFile names, for a storage element'
  );
}

/** A payload that failed stays as it failed: what could not be saved is told as well. */
function verdict(ending: Ending, { scarce, lost }: StageOut, tooMuch: readonly string[]): Ending {
  const troubles = [...tooMuch, ...lost, ...scarce];
  if (troubles.length === 0) return ending;
  const why = `${ending.why}; ${troubles.slice(0, MOST_TOLD).join('; ')}`.slice(0, LONGEST_WHY);
  if (ending.outcome !== 'done') return { outcome: ending.outcome, why };
  return { outcome: tooMuch.length + lost.length > 0 ? 'notSaved' : 'doneWarn', why };
}
