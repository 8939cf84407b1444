/** A JDL that the command line names: a file, `-` for standard input. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../../protocol/errors.js';
import { fileProblem } from '../../protocol/file-problem.js';

/** @throws {UsageError} */
export function readJdl(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new UsageError(`The JDL ${file} cannot be read: ${fileProblem(cause)}.`, { cause });
  }
}
