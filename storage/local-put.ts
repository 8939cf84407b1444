/** Writes a file on this machine (or on a file system mounted on it): synced under a name of its own, then linked to the final one. */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withDeadline } from './deadline.js';
import { BadCopyError, DeadlineError, FileExistsError } from './errors.js';
import { localError } from './local-file.js';
import type { PutJob } from './put-job.js';
import type { StorageSettings } from './storage-options.js';

/** A mount that is slower than this is as good as dead. */
const SLOWEST_BYTES_PER_MS = 200;

/** @throws {StorageError} */
export async function putLocal(path: string, job: PutJob, settings: StorageSettings): Promise<void> {
  const { clock, deadlineMs } = settings;
  const part = `${path}${job.suffix}`;
  const ms = deadlineMs + job.from.size / SLOWEST_BYTES_PER_MS;
  const error = (): DeadlineError => new DeadlineError(path, `writing ${path}`, ms);
  try {
    await withDeadline(write(path, part, job), { clock, ms, error });
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {}); // the reason of the failure is what counts
    throw localError(cause, path, `Writing ${path}`);
  }
}

async function write(path: string, part: string, { from }: PutJob): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await copyFile(from.url, part, constants.COPYFILE_EXCL);
  const file = await open(part, 'r+');
  try {
    await file.chmod(0o644);
    await file.sync();
    const { size } = await file.stat();
    if (size !== from.size) throw new BadCopyError(path, `${size} bytes`, `${from.size} bytes`);
  } finally {
    await file.close();
  }
  await publish(part, path);
}

/** A link never replaces what is there; file systems without links get a look first. */
async function publish(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
    await rm(part);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new FileExistsError(path, { cause: error });
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw new FileExistsError(path, { cause: error });
    await rename(part, path);
  }
}
