/** Files into the directory of a payload before it starts, and those that are there after its end. Nothing outside of it is touched. */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GridError } from '../../protocol/errors.js';
import type { JobOrder, PayloadProgram } from '../../protocol/job-messages.js';
import { openSource } from '../../storage/open-source.js';
import type { StorageOptions } from '../../storage/storage-options.js';

/** A file that the payload needs cannot be had. */
export class StageInError extends GridError {
  readonly code = 'AGENT_STAGE_IN';
}

const CHUNK_BYTES = 8 * 2 ** 20;

/** Fetches all input and the programs. @throws {StageInError | StorageError} */
export async function stageIn(
  order: JobOrder,
  directory: string,
  storage: StorageOptions,
): Promise<{ program: string; validation: string | null }> {
  let left = order.diskBytes;
  const fetchFile = async (urls: readonly string[], name: string): Promise<string> => {
    const target = join(directory, name);
    if (existsSync(target))
      throw new StageInError(`Two files of the job are both named ${name}; a job has one directory.`);
    mkdirSync(dirname(target), { recursive: true });
    left -= await copy(urls, target, { most: left, storage });
    return target;
  };
  const fetchProgram = async ({ name, urls }: PayloadProgram): Promise<string> => {
    if (urls.length === 0) {
      if (!existsSync(name)) throw new StageInError(`The program ${name} is neither in the catalog nor on this node.`);
      if (!isProgram(name)) throw new StageInError(`${name} of this node is no program that may be run.`);
      return name;
    }
    const file = await fetchFile(urls, name.split('/').at(-1)!);
    chmodSync(file, 0o700);
    return file;
  };
  for (const { name, urls } of order.inputs) await fetchFile(urls, name);
  if (order.inputList !== null) writeFileSync(join(directory, order.inputList.file), order.inputList.text);
  const program = await fetchProgram(order.executable);
  const isSame = order.validation?.name === order.executable.name;
  const validation = order.validation === null ? null : isSame ? program : await fetchProgram(order.validation);
  return { program, validation };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // no right to run it, or it is just going
  }
}

async function copy(
  urls: readonly string[],
  target: string,
  { most, storage }: { most: number; storage: StorageOptions },
): Promise<number> {
  const source = await openSource(urls, storage);
  try {
    if (source.size > most)
      throw new StageInError(
        `The input is larger than the WorkDirectorySize of the job: ${source.url} has ${source.size} bytes.`,
      );
    const file = await open(target, 'wx', 0o600);
    try {
      for (let at = 0; at < source.size; at += CHUNK_BYTES) {
        const bytes = await source.read(at, Math.min(CHUNK_BYTES, source.size - at));
        await file.write(bytes, 0, bytes.length, at);
      }
    } finally {
      await file.close();
    }
    return source.size;
  } finally {
    await source.close();
  }
}

/** Regular files below a directory, by their path in it; links are neither followed nor named. */
export function filesBelow(directory: string): { name: string; size: number }[] {
  let names: string[];
  try {
    names = readdirSync(directory, { recursive: true }).map(String);
  } catch {
    return []; // the payload is changing it at this moment, or has removed it
  }
  return names.flatMap((name) => {
    try {
      const stat = lstatSync(join(directory, name));
      return stat.isFile() ? [{ name, size: stat.size }] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}
