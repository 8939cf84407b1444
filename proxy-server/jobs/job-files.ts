/** The files of jobs: input looked up in the catalog with the rights of the job's user, output kept below the state directory. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GridFile } from '../../catalog/grid/grid.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { type InputFile, isPattern, type SplitFile } from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import { innerPath, type PayloadProgram } from '../../protocol/job-messages.js';
import type { CatalogAccess } from '../catalog-access.js';

/** What a job needs cannot be had: which file, and why. */
export class JobInputError extends GridError {
  readonly code = 'PROXY_JOB_INPUT';
}
/** A job has no such file, or none yet. */
export class NoSuchJobFileError extends GridError {
  readonly code = 'PROXY_NO_SUCH_JOB_FILE';
}

/** Where a program without directory is looked for. */
const PROGRAM_FOLDERS = ['/bin', '/alice/bin', '/panda/bin'];

export class JobInputs {
  readonly #catalog: CatalogAccess;
  constructor(catalog: CatalogAccess) {
    this.#catalog = catalog;
  }

  /** Files by name or pattern, in order. @throws {JobInputError} one is not there; an error of the catalog that cannot be asked */
  async files(user: string, inputs: readonly InputFile[]): Promise<(GridFile & { isDownloaded: boolean })[]> {
    if (inputs.length === 0) return [];
    return this.#withGrid(user, async (grid) => {
      if (grid === undefined)
        throw new JobInputError('This ProxyServer has no catalog, so no input file can be found. Configure "catalog".');
      const plain = inputs.filter(({ lfn }) => !isPattern(lfn)).map(({ lfn }) => lfn);
      const known = new Map((await grid.lookup(plain)).map((file, i) => [plain[i]!, file]));
      const found: (GridFile & { isDownloaded: boolean })[] = [];
      for (const { lfn, isDownloaded } of inputs) {
        const files = isPattern(lfn) ? await grid.glob(lfn) : [known.get(lfn)];
        if (files.length === 0 || files[0] === undefined)
          throw new JobInputError(`There is no file ${lfn} in the catalog; check InputFile and InputData.`);
        for (const file of files) if (file !== undefined) found.push({ ...file, isDownloaded });
      }
      return found;
    });
  }

  /** As the splitting wants them. */
  async splitFiles(user: string, inputs: readonly InputFile[]): Promise<SplitFile[]> {
    return (await this.files(user, inputs)).map(({ lfn, size, replicas, isDownloaded }) => ({
      lfn,
      isDownloaded,
      ...(size === null ? {} : { nbytes: size }),
      elements: replicas.flatMap(({ se }) => (se === null ? [] : [se])),
    }));
  }

  /** A program in the catalog; else, where its path is absolute, the node's own of that path. @throws {JobInputError} */
  async program(user: string, name: string): Promise<PayloadProgram> {
    const isAbsolute = name.startsWith('/');
    const candidates = isAbsolute ? [name] : PROGRAM_FOLDERS.map((folder) => `${folder}/${name}`);
    const found = await this.#withGrid(user, async (grid) =>
      (await grid?.lookup(candidates))?.find((file) => file !== undefined && file.replicas.length > 0),
    );
    if (found !== undefined) return { name: found.lfn, urls: found.replicas.map(({ url }) => url) };
    if (isAbsolute) return { name, urls: [] };
    throw new JobInputError(
      `${name} is neither in the catalog below ${PROGRAM_FOLDERS.join(', ')} nor an absolute path. Register it, or name a program of the nodes by its path.`,
    );
  }

  async #withGrid<T>(
    user: string,
    ask: (grid: Awaited<ReturnType<typeof openGrid>> | undefined) => Promise<T>,
  ): Promise<T> {
    const access = await this.#catalog.forUser(user);
    if (access === null) return ask(undefined);
    const grid = await openGrid(access.url, access.token === null ? { user } : { token: access.token });
    try {
      return await ask(grid);
    } finally {
      await grid.close();
    }
  }
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
