/** The files that a query is to write, looked at before it begins: each can be written, none is another of them, and none is one that it reads. */
import { accessSync, type BigIntStats, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../protocol/errors.js';
import { diskPathOf } from '../../storage/disk-path.js';
import type { ReportFiles } from './report.js';

/** What a command writes: `--output` and its like, or what "proof archive" saves. */
export type WrittenFiles = Pick<ReportFiles, 'output' | 'plot' | 'json' | 'log'> & { readonly archive?: string };

export interface OutputFile {
  readonly option: string;
  readonly path: string;
}

export function filesOf({ output, plot, json, archive }: WrittenFiles): OutputFile[] {
  const all = { '--output': output, '--plot': plot, '--json': json === '-' ? undefined : json, archive };
  return Object.entries(all).flatMap(([option, path]) => (path === undefined ? [] : [{ option, path }]));
}

/** @throws {UsageError} a name that does not say what is in the file, a file that cannot be written, or two that are one */
export function checkOutputs(outputs: WrittenFiles): void {
  const { plot, output, log } = outputs;
  if (plot !== undefined && !/\.(png|svg)$/i.test(plot))
    throw new UsageError(`--plot ${plot}: the name must end in .png or .svg.`);
  if (log === true && plot === undefined)
    throw new UsageError('--log is the scale of a picture: name one by --plot FILE.png.');
  if (output !== undefined && !/\.root$/i.test(output))
    throw new UsageError(`--output ${output}: the name must end in .root.`);
  const seen = new Map<string, OutputFile>();
  for (const file of filesOf(outputs)) {
    mustBeWritable(file.path);
    const key = identityOf(file.path);
    const other = key === undefined ? undefined : seen.get(key);
    if (other !== undefined)
      throw new UsageError(`${other.option} ${other.path} and ${file.option} ${file.path} are one file: name two.`);
    if (key !== undefined) seen.set(key, file);
  }
}

/**
 * @param inputs paths and URLs of what the query reads; those of other machines are passed over
 * @param how it is an input: a query that is over read it once
 * @throws {UsageError} an output would replace one of them, perhaps under another name
 */
export function spareInputs(
  outputs: WrittenFiles,
  inputs: Iterable<string>,
  how: 'is read here' | 'its query read' = 'is read here',
): void {
  const written = new Map<string, OutputFile>();
  for (const file of filesOf(outputs)) {
    const found = regularFile(file.path);
    if (found !== undefined) written.set(inodeOf(found), file);
  }
  if (written.size === 0) return;
  for (const input of inputs) {
    const path = diskPathOf(input);
    const found = path === undefined ? undefined : regularFile(path);
    const output = found === undefined ? undefined : written.get(inodeOf(found));
    if (output !== undefined)
      throw new UsageError(`${output.option} ${output.path} would replace ${path}, which ${how}: name another file.`);
  }
}

const inodeOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

/** undefined: nothing is there, or a device or pipe, which is written to as it is. */
function regularFile(path: string): BigIntStats | undefined {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.isFile() === true ? found : undefined;
  } catch {
    return undefined; // a path that cannot be walked names no file that could be replaced
  }
}

/** What two names of one file have in common; undefined for devices and pipes. */
function identityOf(path: string): string | undefined {
  if (!existsSync(path)) return join(realpathSync(dirname(resolve(path))), basename(path));
  const found = regularFile(path);
  return found === undefined ? undefined : inodeOf(found);
}

/** Before the query, not after it. @throws {UsageError} */
function mustBeWritable(file: string): void {
  const folder = dirname(resolve(file));
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const why = existsSync(folder) ? `no permission to write in ${folder}` : `there is no folder ${folder}`;
    throw new UsageError(`Cannot write ${file}: ${why}.`, { cause });
  }
}
