/** `--json -`: standard output holds the result and nothing else. What users' code prints in this process goes to standard error. */
const toStdout = process.stdout.write.bind(process.stdout);

export const writeResult = (text: string): boolean => toStdout(text);

export async function keepingStdout<T>(isForResult: boolean, run: () => Promise<T>): Promise<T> {
  if (!isForResult) return run();
  const before = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await run();
  } finally {
    process.stdout.write = before;
  }
}
