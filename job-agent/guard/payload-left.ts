/** What is left of a payload that nobody watches over: by the files of its guards, its mark and its directory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '../../protocol/process-id.js';
import { ProcessFamily } from '../process-family.js';
import { parseProcessName } from './program-files.js';

/** Kills all its processes. @param mark `NAME=value` of their environment @returns pids that do not go */
export function endPayload(directory: string, of: { mark: string; isConfined: boolean }): number[] {
  const leaders = namesIn(directory)
    .filter((name) => name.endsWith('.leader'))
    .flatMap((name) => leaderIn(join(directory, name)) ?? []);
  const searched = of.isConfined ? null : directory;
  return [...leaders, null].flatMap((leader) => new ProcessFamily({ leader, mark: of.mark }).endAll(searched));
}

/** undefined: its id is another process's by now. */
function leaderIn(file: string): number | undefined {
  const name = parseProcessName(readFileSync(file, 'utf8'));
  if (name === undefined) return undefined;
  const start = startTimeOf(name.pid);
  return start === undefined || start === name.start ? name.pid : undefined;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // it was removed already
  }
}
