/** One daemon a state directory: an exclusive transaction on a file of its own, which the system ends with the process. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { GridError } from '../../protocol/errors.js';

export class StateInUseError extends GridError {
  readonly code = 'CATALOG_IN_USE';
}

/** @returns releases the lock. @throws {StateInUseError} */
export function lockStateDir(stateDir: string): () => void {
  const db = new Database(join(stateDir, 'catalog.lock'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new StateInUseError(`Another catalog runs in ${stateDir}. Stop it, or choose another stateDir.`, { cause });
  }
  return () => db.close();
}
