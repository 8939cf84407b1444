/**
 * Programs by SHA-256, in a folder of this worker: shared with others, it would show one user's code to another. A file there is whole or not there: it is written under a name of its
 * own and renamed; whoever loads one checks the sum again.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export class ProgramCache {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where it is not there. */
  async find(sha256: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#folder, sha256), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
  async keep(sha256: string, code: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = join(this.#folder, `.${sha256}.${randomBytes(6).toString('hex')}`);
    await writeFile(unfinished, code, { mode: 0o600 });
    await rename(unfinished, join(this.#folder, sha256));
  }
}
