/**
 * Files that are whole or not there: written under a temporary name beside the final one, then renamed. Behind a symbolic link that is what it leads
 * to. A device or a pipe (`/dev/null`, `/dev/fd/3`) is written to as it is: it must not be replaced.
 */
import { realpathSync, renameSync, rmSync, statSync } from 'node:fs';

/** @param write puts all of it under the name that it is given; what it throws is passed on, and nothing is left then */
export async function writeWhole(file: string, write: (path: string) => void | Promise<void>): Promise<void> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === false) return write(file);
  const target = found === undefined ? file : realpathSync(file);
  const part = `${target}.part`;
  try {
    await write(part);
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
