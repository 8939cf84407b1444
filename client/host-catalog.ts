/** Which catalog is meant, and the catalog of a host as this computer reaches it. */
import type { OpenGridOptions } from '../catalog/grid/open-grid.js';
import type { ServerInfo } from '../protocol/api.js';
import { isLoopback } from '../protocol/config.js';
import { UsageError } from '../protocol/errors.js';
import { type ClientConfig, type HostEntry, hostEntry } from './client-config.js';
import { ServerApi } from './server-api.js';

export interface HostCatalog extends Pick<OpenGridOptions, 'isBesideServer'> {
  readonly url: string;
}

export interface CatalogWords {
  /** `--catalog URL` */
  readonly catalog?: string | undefined;
  /** `--host HOST` */
  readonly host?: string | undefined;
}

/**
 * `--catalog URL`, else that of the host that is named, else $PROOF_CATALOG, else what the configuration says, else what its host says.
 * `host` is whose token opens it. @throws {UsageError}; what a call of the host throws
 */
export async function chosenCatalog(
  config: ClientConfig,
  { catalog, host: named }: CatalogWords,
): Promise<HostCatalog & { readonly host: HostEntry | undefined }> {
  const given = catalog ?? (named === undefined ? process.env['PROOF_CATALOG'] || config.catalog : undefined);
  const hasHost = named !== undefined || config.defaultHost !== undefined || Object.keys(config.hosts).length === 1;
  const host = hasHost ? hostEntry(config, named) : undefined;
  if (given !== undefined) return { url: given, host };
  if (host === undefined)
    throw new UsageError(
      'Which catalog? Say --catalog URL or --host HOST, set $PROOF_CATALOG, or put `catalog:` into your configuration.',
    );
  return { ...(await hostCatalog(host)), host };
}

/** @throws {UsageError} it has none, or one that this computer cannot reach; what a call of the host throws */
async function hostCatalog(host: HostEntry): Promise<HostCatalog> {
  if (host.catalog !== null) return { url: host.catalog };
  return catalogAt(host, await new ServerApi(host).info());
}

/** Pure. @param info what that host says of itself. @throws {UsageError} */
export function catalogAt(
  host: Pick<HostEntry, 'name' | 'url'>,
  { catalog, catalogPath }: Pick<ServerInfo, 'catalog' | 'catalogPath'>,
): HostCatalog {
  if (catalogPath !== null) return { url: host.url + catalogPath, isBesideServer: true };
  if (catalog === null) throw new UsageError(`${host.name} has no catalog. Say which one with --catalog URL.`);
  // A token is nothing for whoever listens on that port here.
  if (isNear(catalog) && !isNear(host.url))
    throw new UsageError(
      `${host.name} says that its catalog is at ${catalog}, which it alone can reach. ` +
        'Its administrators may serve an embedded catalog with this release, or name one that others reach as well.',
    );
  return { url: catalog };
}

const isNear = (url: string): boolean => URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
