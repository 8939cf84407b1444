/** What a user names as a file that holds a token, certificate or key. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../protocol/errors.js';
import { fileProblem } from '../protocol/file-problem.js';

/** @param file - is standard input. @throws {UsageError} */
export function readSecretFile(file: string, what: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    const named = file === '-' ? 'of standard input' : file;
    throw new UsageError(`The ${what} ${named} cannot be read: ${fileProblem(cause)}.`, { cause });
  }
}
