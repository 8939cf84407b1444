/**
 * Outputs and the catalog: which storage elements there are, and the registration of what an agent has written, with the rights of the job's
 * user. All files of a job or none; saying the same twice changes nothing.
 */
import { CatalogUnreachableError } from '../../catalog/grid/errors.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { elementsAnswer, setChanged } from '../../catalog/grid/wire.js';
import { GridError, RemoteError } from '../../protocol/errors.js';
import type { StoredFile } from '../../protocol/output-messages.js';
import type { CatalogAccess } from '../catalog-access.js';
import { homeOf } from './home.js';
import type { Elements } from './output-plan.js';

/** What a job has written cannot be registered: which file, and why. */
export class JobOutputError extends GridError {
  readonly code = 'PROXY_JOB_OUTPUT';
}

const NO_ELEMENTS: Elements = { elements: [], distances: [] };

export class OutputRegistrar {
  readonly #catalog: Pick<CatalogAccess, 'forUser' | 'forAdmin'>;
  readonly #homes: string;

  /** @param homes home directories in the catalog, `/home/{user}` */
  constructor(catalog: Pick<CatalogAccess, 'forUser' | 'forAdmin'>, homes: string) {
    this.#catalog = catalog;
    this.#homes = homes;
  }

  homeOf(user: string): string {
    return homeOf(this.#homes, user);
  }

  /** None where there is no catalog, or one that is not ours. @throws {CatalogUnreachableError} */
  async elements(user: string): Promise<Elements> {
    return (await this.#withGrid(user, (grid) => grid.http.get('/v1/elements', {}, elementsAnswer))) ?? NO_ELEMENTS;
  }

  /**
   * @param isFailed what a failed run left: it replaces what an earlier one did
   * @throws {JobOutputError} they cannot be registered; {CatalogUnreachableError} the catalog does not answer at present
   */
  async register(
    user: string,
    files: readonly StoredFile[],
    { directory, isFailed }: { directory: string; isFailed: boolean },
  ): Promise<void> {
    const done = await this.#withGrid(user, async (grid) => {
      const known = await this.#known(grid, files, directory);
      if (isFailed)
        for (const lfn of known.toReversed()) await grid.rm(lfn); // links into an archive before it
      else if (known[0] !== undefined)
        throw new JobOutputError(`${known[0]} is in the catalog already; choose another OutputDir.`);
      await this.#makeDirectory(user, grid, directory);
      // Archives first: their members are links into them.
      const sorted = [
        ...files.filter((file) => file.archive === null),
        ...files.filter((file) => file.archive !== null),
      ];
      await grid.register(
        sorted.map(({ name, size, checksum, replicas, archive }) => ({
          lfn: `${directory}/${name}`,
          size,
          checksum,
          replicas,
          ...(archive === null ? {} : { member: { archive: `${directory}/${archive}`, name } }),
        })),
      );
      return true;
    }).catch((error: unknown) => {
      if (!(error instanceof RemoteError)) throw error;
      throw new JobOutputError(`its outputs cannot be registered: ${error.message}`, { cause: error });
    });
    if (done === undefined) throw new JobOutputError('there is no catalog (any more) to register its outputs in');
  }

  /** A collection of the catalog with these files; one that is there gets them in place of its own. @throws {JobOutputError | CatalogUnreachableError} */
  async makeCollection(user: string, name: string, files: readonly string[]): Promise<void> {
    const done = await this.#withGrid(user, async (grid) => {
      await this.#makeDirectory(user, grid, name.slice(0, name.lastIndexOf('/')) || '/');
      const [isThere] = await Promise.allSettled([grid.stat(name)]);
      const how = isThere.status === 'fulfilled' ? 'replace' : 'create';
      await grid.http.post('/v1/set', { name, how, members: files.map((lfn) => ({ lfn })) }, setChanged);
      return true;
    }).catch((error: unknown) => {
      if (!(error instanceof RemoteError)) throw error;
      throw new JobOutputError(`the collection ${name} cannot be made: ${error.message}`, { cause: error });
    });
    if (done === undefined) throw new JobOutputError('there is no catalog (any more) to make a collection in');
  }

  /** Names that are taken by other files than these. */
  async #known(grid: ProofGrid, files: readonly StoredFile[], directory: string): Promise<string[]> {
    const own = new Set(files.flatMap(({ replicas }) => replicas.map(({ url }) => url)));
    const lfns = files.map(({ name }) => `${directory}/${name}`);
    const found = await grid.lookup(lfns);
    return lfns.filter((_, i) => found[i] !== undefined && !found[i].replicas.some(({ url }) => own.has(url)));
  }

  /** Nobody may write to the root: homes are made for their users where this server's rights are enough. */
  async #makeDirectory(user: string, grid: ProofGrid, directory: string): Promise<void> {
    try {
      await grid.mkdir(directory, { parents: true });
    } catch (error) {
      const home = this.homeOf(user);
      if (!(error instanceof RemoteError) || !`${directory}/`.startsWith(`${home}/`)) throw error;
      await this.#makeHome(user, home, error);
      await grid.mkdir(directory, { parents: true });
    }
  }

  async #makeHome(user: string, home: string, why: RemoteError): Promise<void> {
    const access = await this.#catalog.forAdmin();
    if (access === null) throw why;
    const admin = new ProofGrid(access.url, access.token === null ? {} : { token: access.token });
    try {
      await admin.mkdir(home, { parents: true });
      await admin.http.tell('/v1/chown', { path: home, owner: user, group: user });
    } catch (cause) {
      if (cause instanceof CatalogUnreachableError) throw cause;
      throw new JobOutputError(
        `${why.message} The home ${home} of ${user} is not there, and this server may not make it: ${(cause as Error).message}`,
        { cause },
      );
    } finally {
      await admin.close();
    }
  }

  async #withGrid<T>(user: string, ask: (grid: ProofGrid) => Promise<T>): Promise<T | undefined> {
    const access = await this.#catalog.forUser(user);
    if (access === null) return undefined;
    const grid = await openGrid(access.url, access.token === null ? { user } : { token: access.token });
    try {
      return grid instanceof ProofGrid ? await ask(grid) : undefined;
    } finally {
      await grid.close();
    }
  }
}
