/**
 * Standard output that cannot be written: told once on standard error, and status 1, as for any result that is lost. A reader that has seen
 * enough (`proof ls | head`) is no error. What only prints ends at once; what has a query or a session ends in order.
 */
import { fstatSync, writeSync } from 'node:fs';
import { fileProblem } from '../../protocol/file-problem.js';
import { endProcess } from '../run/users-code.js';

let isLost = false;
let inOrder = 0;

/** For the whole life of the process. */
export function watchStdout(): void {
  const { stdout } = process;
  if (fstatSync(stdout.fd).isFile()) stdout._write = writeAll;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') endProcess(0);
    if (!isLost) process.stderr.write(`proof: Standard output cannot be written: ${fileProblem(error)}.\n`);
    isLost = true;
    if (inOrder === 0) endProcess(1);
  });
  process.on('exit', (status) => {
    if (isLost && (status === 0 || status === 3)) process.exitCode = 1;
  });
}

/** While it runs, lost output ends nothing: there are workers to give back and other files to write. */
export async function endingInOrder<T>(run: () => Promise<T>): Promise<T> {
  inOrder++;
  try {
    return await run();
  } finally {
    await new Promise((resolve) => setImmediate(resolve)); // what went wrong just now has been told then
    inOrder--;
  }
}

/** Node.js itself takes what a disk had room for as all of it. */
function writeAll(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
  try {
    for (let at = 0; at < chunk.length; ) at += writeSync(process.stdout.fd, chunk, at);
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}
