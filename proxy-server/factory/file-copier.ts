/**
 * Copies small files to the storage elements of sites, one at a time and beside everything else: what is there is compared with what the
 * catalog says of the file, and then registered as a further replica. Bounds are those of plan-copies.ts.
 */
import { open, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogUnreachableError } from '../../catalog/grid/errors.js';
import type { GridFile } from '../../catalog/grid/grid.js';
import { elementsAnswer } from '../../catalog/grid/wire.js';
import { errorBody, GridError } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import type { ByteSource } from '../../storage/byte-source.js';
import { type ChecksumKind, checksumOf } from '../../storage/checksum.js';
import { FileExistsError } from '../../storage/errors.js';
import { openSource } from '../../storage/open-source.js';
import { putFile } from '../../storage/put.js';
import { localPathOf } from '../../storage/url.js';
import type { CatalogAccess } from '../catalog-access.js';
import type { SiteConfig } from '../config.js';
import type { CopyStore, SiteCopy } from './copy-store.js';
import { isNear } from './data-places.js';
import { copyUrl, sourcesOf } from './plan-copies.js';

/** A file is not copied to a site: why. */
export class FileCopyError extends GridError {
  readonly code = 'PROXY_FILE_COPY';
}

export interface FileCopierOptions {
  readonly directory: string;
  readonly sites: readonly SiteConfig[];
  readonly store: CopyStore;
  readonly catalog: CatalogAccess;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly onCopied: (copy: SiteCopy) => void;
}

const PIECE_BYTES = 4 * 2 ** 20;

export class FileCopier {
  readonly #options: FileCopierOptions;
  #isRunning = false;
  #isClosed = false;

  constructor(options: FileCopierOptions) {
    this.#options = options;
  }

  /** There may be something to do. */
  look(): void {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    this.#work()
      .catch((error: Error) => this.#options.log.error(`copies of files: ${error.message}`))
      .finally(() => {
        this.#isRunning = false;
      });
  }

  /** What is under way is begun anew by the next ProxyServer. */
  close(): void {
    this.#isClosed = true;
  }

  async #work(): Promise<void> {
    const { store, log, nowMs, onCopied } = this.#options;
    for (;;) {
      const copy = store.next(nowMs());
      if (copy === undefined) return;
      const failure = await this.#copy(copy).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (this.#isClosed) return;
      if (failure instanceof CatalogUnreachableError) return; // looked at again with the next tick
      const { site, se, lfn, bytes } = copy;
      if (failure === undefined) {
        store.settle(copy, 'copied', null);
        log.info('a file was copied to a site', { site, se, lfn, bytes });
        onCopied(copy);
      } else {
        const { message } = errorBody(failure);
        store.settle(copy, 'failed', `${lfn}: ${message}`);
        log.warn(`a file is not copied to site ${site}: ${message}`, { se, lfn });
      }
    }
  }

  /** @throws {FileCopyError} {StorageError}; errors of the catalog */
  async #copy({ site: siteName, se, lfn, user, bytes }: SiteCopy): Promise<void> {
    const { sites, catalog, directory } = this.#options;
    const site = sites.find(({ name }) => name === siteName);
    if (site?.replicate?.se !== se)
      throw new FileCopyError(`site ${siteName} copies no files to ${se} any more (replicate)`);
    const file = await catalog.withGrid(user, async (grid) => (await grid?.lookup([lfn]))?.[0]);
    if (file === undefined) throw new FileCopyError(`${user} finds it in the catalog no more`);
    const facts = { site: site.name, storageDomain: site.storageDomain, closeSEs: site.closeSEs };
    if (file.replicas.some((replica) => isNear(facts, replica))) return;
    const { elements } = (await catalog.withOwn((grid) => grid.http.get('/v1/elements', {}, elementsAnswer))) ?? {
      elements: [],
    };
    const element = elements.find(({ name }) => name.toLowerCase() === se.toLowerCase());
    if (element === undefined || element.prefix === null || element.status !== 'up')
      throw new FileCopyError(
        `the storage element ${se} cannot be written: the catalog must know it, with a prefix, as up ("proof catalog se list" shows it)`,
      );
    const sources = await sourceUrls(file, elements);
    const temporary = join(directory, 'copy');
    const url = copyUrl(element.prefix, lfn);
    try {
      await fetchTo(temporary, sources, file, bytes);
      const adler32 = await putOnce(temporary, url);
      const checksum = file.checksum ?? `adler32:${adler32}`;
      await catalog.withOwn((grid) => grid.register([{ lfn, size: bytes, checksum, replicas: [{ url, se }] }]));
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

/** @throws {FileCopyError} none that this server may read */
async function sourceUrls(file: GridFile, elements: Parameters<typeof sourcesOf>[1]): Promise<string[]> {
  const found = sourcesOf(file.replicas, elements);
  const urls = await Promise.all(found.map(({ url, prefix }) => (url.startsWith('file:') ? real(url, prefix) : url)));
  const good = urls.filter((url) => url !== undefined);
  if (good.length > 0) return good;
  throw new FileCopyError(
    'no replica of it lies below the prefix of its storage element, as the catalog knows it: only such are copied',
  );
}

/** Links may lead out of a storage element. */
async function real(url: string, prefix: string): Promise<string | undefined> {
  try {
    const [path, folder] = await Promise.all([realpath(localPathOf(url)), realpath(localPathOf(prefix))]);
    return path.startsWith(`${folder}/`) ? path : undefined;
  } catch {
    return undefined; // it is not there
  }
}

/** @throws {FileCopyError} it is not what the catalog says; {StorageError} */
async function fetchTo(path: string, urls: readonly string[], file: GridFile, bytes: number): Promise<void> {
  const source = await openSource(urls);
  try {
    if (source.size !== bytes) throw new FileCopyError(`it has ${source.size} bytes where the catalog said ${bytes}`);
    const out = await open(path, 'w', 0o600);
    try {
      for (let at = 0; at < bytes; at += PIECE_BYTES)
        await out.writeFile(await source.read(at, Math.min(PIECE_BYTES, bytes - at)));
    } finally {
      await out.close();
    }
  } finally {
    await source.close();
  }
  const [kind, wanted] = file.checksum?.split(':') ?? [];
  if (kind !== 'adler32' && kind !== 'md5' && kind !== 'crc32c') return; // compared with its own sum all the same
  const sum = await sumOf(path, kind);
  if (sum !== wanted?.toLowerCase())
    throw new FileCopyError(`its ${kind} is ${sum} where the catalog says ${wanted}: the replica is damaged`);
}

/** A copy whose registration failed is there already. @returns adler32. @throws {FileCopyError} another file is there; {StorageError} */
async function putOnce(path: string, url: string): Promise<string> {
  try {
    return (await putFile(path, url, { takesSame: true })).adler32;
  } catch (error) {
    if (!(error instanceof FileExistsError)) throw error;
    throw new FileCopyError(`another file is in its place: ${error.message}`, { cause: error });
  }
}

async function sumOf(url: string, kind: ChecksumKind): Promise<string> {
  const source: ByteSource = await openSource(url);
  try {
    return await checksumOf(source, kind);
  } finally {
    await source.close();
  }
}
