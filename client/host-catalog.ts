/** The catalog of a host, as this computer reaches it. */
import type { OpenGridOptions } from '../catalog/grid/open-grid.js';
import type { ServerInfo } from '../protocol/api.js';
import { isLoopback } from '../protocol/config.js';
import { UsageError } from '../protocol/errors.js';
import type { HostEntry } from './client-config.js';
import { ServerApi } from './server-api.js';

export interface HostCatalog extends Pick<OpenGridOptions, 'isBesideServer'> {
  readonly url: string;
}

/** @throws {UsageError} it has none, or one that this computer cannot reach; what a call of the host throws */
export async function hostCatalog(host: HostEntry): Promise<HostCatalog> {
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
