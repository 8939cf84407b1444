/** An entry that was set aside, as its user is told: why, what its worker printed, and how to run its packet again. Pure. */
import type { QueryResult } from '../../protocol/session-messages.js';

const MOST_PRINTED_LINES = 5;

/** @param host as the user named it, for the command to type */
export function failureLines(
  { file, entry, error, stack, attempts, packet, output = '' }: QueryResult['failures'][number],
  query: string,
  host: string | undefined,
): string[] {
  const why = stack === null || stack === '' ? error : stack;
  const printed = output.trimEnd().split('\n').slice(-MOST_PRINTED_LINES);
  const words = ['proof replay', ...(host === undefined ? [] : ['--host', host]), query, packet].join(' ');
  return [
    `proof: set aside ${file} entry ${entry} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${why}`,
    ...(output.trim() === '' ? [] : ['  The last that its worker printed:', ...printed.map((line) => `    ${line}`)]),
    ...(packet === undefined ? [] : [`  It is packet ${packet}, which runs again here with: ${words}`]),
  ];
}
