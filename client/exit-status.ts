/** How a command ends: 0 completed; 1 failed; 2 wrong usage; 3 incomplete or stopped; 130 interrupted. */
import { CommanderError } from 'commander';
import { ConfigError } from '../protocol/config.js';
import { errorBody, UsageError } from '../protocol/errors.js';
import { shownText } from './show/tell.js';

/** Thrown by a command that has said all there is to say and ends with this status. */
export class ExitStatus extends Error {
  constructor(readonly status: number) {
    super(`exit status ${status}`);
  }
}

/** Tells the user what went wrong, in one sentence on standard error, and gives the exit status. */
export function reportFailure(error: unknown): number {
  if (error instanceof ExitStatus) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said it
  const { code, message } = errorBody(error);
  process.stderr.write(`${shownText(process.stderr, `proof: ${message}${code === 'USAGE' ? '' : ` [${code}]`}`)}\n`);
  if (code === 'INTERNAL' && process.env['PROOF_DEBUG']) process.stderr.write(`${(error as Error).stack}\n`);
  return error instanceof UsageError || error instanceof ConfigError || isUsage(code) ? 2 : 1;
}

/** Errors of other rooms and processes that say: the command must be given otherwise. */
export const isUsage = (code: string): boolean =>
  code === 'USAGE' || code === 'ROOT_WHICH_TABLE' || code === 'ANALYSIS_DRAW_EXPRESSION';
