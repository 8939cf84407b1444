/** A file of this computer that a command sends to the catalog. */
import { createReadStream, fstatSync, openSync, type ReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../../protocol/errors.js';
import { fileProblem } from '../../../protocol/file-problem.js';

export interface InputFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly stream: ReadStream;
}

/** @param what it is, for the sentence where it cannot be read. @throws {UsageError} */
export function openInput(name: string, what: string): InputFile {
  const path = resolve(name);
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new UsageError(`Cannot read ${what} ${path}: ${fileProblem(cause)}.`, { cause });
  }
  const stream = createReadStream(path, { fd });
  const info = fstatSync(fd);
  if (!info.isDirectory()) return { path, size: info.size, modifiedMs: info.mtimeMs, stream };
  stream.destroy();
  throw new UsageError(`Cannot read ${what} ${path}: it is a directory.`);
}
