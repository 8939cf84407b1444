/** What became of many files that were to be registered. */
import type { RegisterAnswer } from '../../../catalog/grid/wire.js';
import { plainText } from '../../../protocol/plain-text.js';
import { ExitStatus } from '../../exit-status.js';
import { printJson } from '../../print.js';

const REPORTED = 20;

export interface Many extends RegisterAnswer {
  /** Done by an earlier try. */
  readonly skipped?: number;
  /** Sentences that were said before: of files that are registered all the same, or were left out. */
  readonly troubles?: readonly string[];
}

/** @throws {ExitStatus} 3 where some could not be registered or opened, 1 where none could be registered */
export function reportMany(
  answer: Many,
  options: { readonly json?: boolean },
  tell: (failure: Many['failed'][number]) => string,
): void {
  const { failed, registered, updated, unchanged, skipped = 0, troubles = [] } = answer;
  if (options.json) printJson(answer);
  else {
    const parts = [`${registered} registered`, `${updated} updated`, `${unchanged} unchanged`];
    if (skipped > 0) parts.push(`${skipped} done before`);
    if (failed.length > 0) parts.push(`${failed.length} failed`);
    process.stdout.write(`${parts.join(', ')}\n`);
    for (const failure of failed.slice(0, REPORTED))
      process.stderr.write(`proof: ${plainText(tell(failure))} [${failure.code}]\n`);
    if (failed.length > REPORTED) process.stderr.write('proof: … the others with --json\n');
  }
  const isAnyDone = registered + updated + unchanged + skipped > 0;
  if (failed.length + troubles.length > 0) throw new ExitStatus(isAnyDone ? 3 : 1);
}
