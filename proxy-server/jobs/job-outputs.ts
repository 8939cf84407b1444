/** What jobs write, as far as it is kept below the state directory. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GridError } from '../../protocol/errors.js';
import { innerPath } from '../../protocol/inner-path.js';

/** A job has no such file, or none yet. */
export class NoSuchJobFileError extends GridError {
  readonly code = 'PROXY_NO_SUCH_JOB_FILE';
}

/** `stateDir/jobs/ID/RUN/NAME`. Names are checked where they come in, and once more here. */
export class JobOutputs {
  readonly #directory: string;
  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'jobs');
  }

  async write(where: { jobId: number; run: number; name: string }, offset: number, data: Uint8Array): Promise<void> {
    const file = this.#path(where);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, offset === 0 ? 'w' : 'r+', 0o600);
    try {
      await handle.write(data, 0, data.length, offset);
    } finally {
      await handle.close();
    }
  }

  /** Settles when all that was written of that run is on disk, whatever becomes of the machine. */
  async sync(jobId: number, run: number): Promise<void> {
    await Promise.all(
      this.list(jobId, run).map(async ({ name }) => {
        const handle = await open(this.#path({ jobId, run, name }), 'r');
        try {
          await handle.datasync();
        } finally {
          await handle.close();
        }
      }),
    );
  }

  list(jobId: number, run: number): { name: string; size: number }[] {
    const directory = join(this.#directory, String(jobId), String(run));
    let names: string[];
    try {
      names = readdirSync(directory, { recursive: true }).map(String);
    } catch {
      return []; // it has written nothing yet
    }
    return names
      .map((name) => ({ name, stat: statSync(join(directory, name)) }))
      .filter(({ stat }) => stat.isFile())
      .map(({ name, stat }) => ({ name, size: stat.size }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws {NoSuchJobFileError} */
  pathOf(where: { jobId: number; run: number; name: string }): string {
    if (innerPath.safeParse(where.name).success) {
      const known = this.list(where.jobId, where.run);
      if (known.some(({ name }) => name === where.name)) return this.#path(where);
    }
    throw new NoSuchJobFileError(
      `Job ${where.jobId} has no file ${where.name} here (yet); "proof spy ${where.jobId}" lists them.`,
    );
  }

  async remove(jobId: number): Promise<void> {
    await rm(join(this.#directory, String(jobId)), { recursive: true, force: true });
  }

  #path({ jobId, run, name }: { jobId: number; run: number; name: string }): string {
    return join(this.#directory, String(jobId), String(run), innerPath.parse(name));
  }
}
