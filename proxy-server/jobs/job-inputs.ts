/**
 * What jobs need from the catalog, looked up with the rights of their user: programs, files, collections.
 *
 * Names that are asked for at one moment, by however many jobs, are one question to the catalog; programs are remembered for a short while.
 */
import type { Grid, GridFile } from '../../catalog/grid/grid.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { readList } from '../../catalog/grid/read-list.js';
import { fileRange, type InputFile, isPattern, type SplitFile } from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import type { PayloadProgram } from '../../protocol/job-messages.js';
import { openSource } from '../../storage/open-source.js';
import type { CatalogAccess } from '../catalog-access.js';
import { homeOf } from './home.js';

/** What a job needs cannot be had: which file, and why. */
export class JobInputError extends GridError {
  readonly code = 'PROXY_JOB_INPUT';
}

export type FoundFile = GridFile & { readonly isDownloaded: boolean };

export interface JobInputsOptions {
  readonly catalog: Pick<CatalogAccess, 'forUser'>;
  /** Home directories, `{user}` and `{initial}` in it. */
  readonly homes: string;
  readonly nowMs: () => number;
}

/** Where a program without directory is looked for. */
const PROGRAM_FOLDERS = ['/bin', '/alice/bin', '/panda/bin', '~/bin'];
const REMEMBERED_MS = 10_000;
const MOST_REMEMBERED = 10_000;
/** Of a collection's text. */
const MOST_COLLECTION_BYTES = 64 * 2 ** 20;

interface Asked {
  readonly names: Set<string>;
  readonly answer: Promise<Map<string, GridFile | undefined>>;
}

export class JobInputs {
  readonly #options: JobInputsOptions;
  readonly #grids = new Map<string, { grid: Promise<Grid | undefined>; until: number }>();
  readonly #asked = new Map<string, Asked>();
  readonly #programs = new Map<string, { program: Promise<PayloadProgram>; until: number }>();

  constructor(options: JobInputsOptions) {
    this.#options = options;
  }

  /** `~/x` below the user's home. */
  home(user: string, name: string): string {
    if (name !== '~' && !name.startsWith('~/')) return name;
    return `${homeOf(this.#options.homes, user)}${name.slice(1)}`;
  }

  /** Files by name or pattern, in order. @param mayMiss so many names may be unknown to the catalog. @throws {JobInputError} one is not there; an error of the catalog that cannot be asked */
  async files(user: string, inputs: readonly InputFile[], mayMiss = 0): Promise<FoundFile[]> {
    if (inputs.length === 0) return [];
    const wanted = inputs.map(({ lfn, isDownloaded }) => ({ lfn: this.home(user, lfn), isDownloaded }));
    const plain = wanted.filter(({ lfn }) => !isPattern(lfn)).map(({ lfn }) => lfn);
    const known = await this.#lookup(user, plain);
    const found: FoundFile[] = [];
    let missing = 0;
    for (const { lfn, isDownloaded } of wanted) {
      const files = isPattern(lfn) ? await this.#matching(user, lfn) : [known.get(lfn)];
      if ((files.length === 0 || files[0] === undefined) && ++missing > mayMiss)
        throw new JobInputError(`There is no file ${lfn} in the catalog; check InputFile and InputData.`);
      for (const file of files) if (file !== undefined) found.push({ ...file, isDownloaded });
    }
    return found;
  }

  /** What collections list: data sets of the catalog, or files there that hold a list (XML as AliEn's, JSON, CSV). */
  async collected(user: string, collections: readonly InputFile[]): Promise<InputFile[]> {
    const found: InputFile[] = [];
    for (const { lfn: name, isDownloaded } of collections) {
      const lfn = this.home(user, name);
      const [file] = [...(await this.#lookup(user, [lfn])).values()];
      // A data set has a name in the catalog, too, and no copy anywhere.
      const isText = file !== undefined && file.replicas.length > 0;
      const lfns = isText ? readList(await this.#text(file), lfn).files : await this.#membersOf(user, lfn);
      if (lfns.length === 0) throw new JobInputError(`The collection ${lfn} lists no files.`);
      for (const member of lfns) found.push({ lfn: member.lfn, isDownloaded });
    }
    return found;
  }

  /** The text of a file in the catalog. */
  async textOf(user: string, name: string): Promise<string> {
    const lfn = this.home(user, name);
    const file = (await this.#lookup(user, [lfn])).get(lfn);
    if (file === undefined) throw new JobInputError(`There is no file ${lfn} in the catalog.`);
    return this.#text(file);
  }

  /** A program in the catalog; else, where its path is absolute, the node's own of that path. @throws {JobInputError} */
  program(user: string, name: string): Promise<PayloadProgram> {
    const key = `${user}\0${name}`;
    const now = this.#options.nowMs();
    const known = this.#programs.get(key);
    if (known !== undefined && known.until > now) return known.program;
    if (this.#programs.size >= MOST_REMEMBERED) this.#programs.clear();
    const program = this.#findProgram(user, name);
    this.#programs.set(key, { program, until: now + REMEMBERED_MS });
    program.catch(() => this.#programs.delete(key));
    return program;
  }

  async close(): Promise<void> {
    const open = [...this.#grids.values()];
    this.#grids.clear();
    await Promise.allSettled(open.map(async ({ grid }) => (await grid)?.close()));
  }

  async #findProgram(user: string, name: string): Promise<PayloadProgram> {
    const isAbsolute = name.startsWith('/') || name.startsWith('~/');
    const candidates = (isAbsolute ? [name] : PROGRAM_FOLDERS.map((folder) => `${folder}/${name}`)).map((one) =>
      this.home(user, one),
    );
    const known = await this.#lookup(user, candidates, { isOptional: true });
    const found = candidates.map((lfn) => known.get(lfn)).find((file) => (file?.replicas.length ?? 0) > 0);
    if (found !== undefined) return { name: found.lfn, urls: found.replicas.map(({ url }) => url) };
    if (name.startsWith('/')) return { name, urls: [] };
    throw new JobInputError(
      isAbsolute
        ? `${candidates[0]} is not in the catalog; register it there.`
        : `${name} is neither in the catalog below ${PROGRAM_FOLDERS.join(', ')} nor an absolute path. Register it, or name a program of the nodes by its path.`,
    );
  }

  /** All names that are asked for in this moment go together. */
  async #lookup(
    user: string,
    lfns: readonly string[],
    { isOptional = false } = {},
  ): Promise<Map<string, GridFile | undefined>> {
    if (lfns.length === 0) return new Map();
    if (isOptional && (await this.#gridOf(user)) === undefined) return new Map();
    const open = this.#asked.get(user);
    if (open !== undefined) {
      for (const lfn of lfns) open.names.add(lfn);
      return only(await open.answer, lfns);
    }
    const names = new Set(lfns);
    const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
      this.#asked.delete(user);
      const all = [...names];
      const files = await (await this.#gridThatIs(user)).lookup(all);
      return new Map(all.map((lfn, i) => [lfn, files[i]]));
    });
    this.#asked.set(user, { names, answer });
    return only(await answer, lfns);
  }

  async #matching(user: string, lfn: string): Promise<GridFile[]> {
    const { pattern, accepts } = fileRange(lfn);
    return (await (await this.#gridThatIs(user)).glob(pattern)).filter((file) => accepts(file.lfn));
  }

  async #membersOf(user: string, lfn: string): Promise<readonly GridFile[]> {
    try {
      return (await (await this.#gridThatIs(user)).dataset(lfn)).files;
    } catch (cause) {
      if (cause instanceof JobInputError) throw cause;
      throw new JobInputError(`There is no collection ${lfn} in the catalog: ${(cause as Error).message}`, { cause });
    }
  }

  async #text({ lfn, replicas }: GridFile): Promise<string> {
    if (replicas.length === 0) throw new JobInputError(`${lfn} has no copy that could be read.`);
    const source = await openSource(replicas.map(({ url }) => url));
    try {
      if (source.size > MOST_COLLECTION_BYTES)
        throw new JobInputError(`${lfn} has ${source.size} bytes, too many for a list of files.`);
      return Buffer.from(await source.read(0, source.size)).toString('utf8');
    } finally {
      await source.close();
    }
  }

  async #gridThatIs(user: string): Promise<Grid> {
    const grid = await this.#gridOf(user);
    if (grid === undefined)
      throw new JobInputError('This ProxyServer has no catalog, so no input file can be found. Configure "catalog".');
    return grid;
  }

  /** Kept for a while: a connection and a token for each question would cost more than the question. */
  #gridOf(user: string): Promise<Grid | undefined> {
    const now = this.#options.nowMs();
    for (const [one, { grid, until }] of this.#grids)
      if (until <= now) {
        this.#grids.delete(one);
        void grid.then((open) => open?.close()).catch(() => {}); // it failed to open: nothing to close
      }
    const known = this.#grids.get(user);
    if (known !== undefined) return known.grid;
    const grid = this.#open(user);
    this.#grids.set(user, { grid, until: now + REMEMBERED_MS });
    grid.catch(() => this.#grids.delete(user));
    return grid;
  }

  async #open(user: string): Promise<Grid | undefined> {
    const access = await this.#options.catalog.forUser(user);
    if (access === null) return undefined;
    return openGrid(access.url, access.token === null ? { user } : { token: access.token });
  }
}

const only = (
  all: ReadonlyMap<string, GridFile | undefined>,
  lfns: readonly string[],
): Map<string, GridFile | undefined> => new Map(lfns.map((lfn) => [lfn, all.get(lfn)]));

/** As the splitting wants them. */
export const splitFiles = (files: readonly FoundFile[]): SplitFile[] =>
  files.map(({ lfn, size, replicas, isDownloaded }) => ({
    lfn,
    isDownloaded,
    ...(size === null ? {} : { nbytes: size }),
    elements: replicas.flatMap(({ se }) => (se === null ? [] : [se])),
  }));
