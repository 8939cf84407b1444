/** The agent's scratch directory: made at its start, removed at its end; what agents that were killed left is swept by the next one. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess } from '../protocol/process-id.js';

export interface Scratch {
  readonly directory: string;
  remove(): void;
}

const PREFIX = 'proof-agent-';

export function makeScratch(parent: string): Scratch {
  mkdirSync(parent, { recursive: true });
  sweep(parent);
  const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`)); // mode 0700
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Directories of this user's agents whose process is no more. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isSameProcess(Number(pid), null)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // another user's: theirs to sweep
    }
  }
}
