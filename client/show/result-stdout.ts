/** `--json -`: standard output holds the result and nothing else. What users' code prints in this process goes to standard error. */
import { endingInOrder } from './stdout-errors.js';

const toStdout = process.stdout.write.bind(process.stdout);

export const writeResult = (text: string): boolean => toStdout(text);

export async function keepingStdout<T>(isForResult: boolean, run: () => Promise<T>): Promise<T> {
  if (!isForResult) return endingInOrder(run);
  const before = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await endingInOrder(run);
  } finally {
    process.stdout.write = before;
  }
}
