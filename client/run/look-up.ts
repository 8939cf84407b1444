/** Names -> files in the client's own process (`--local`): the catalog is asked only when a word needs it. */
import type { Grid, GridJobs } from '../../catalog/grid/grid.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import { type ClientConfig, hostEntry } from '../client-config.js';
import { hostCatalog } from '../host-catalog.js';
import type { LookUp } from './local-run.js';

/** @param host whose catalog is asked where the configuration names none itself */
export function localLookUp(config: ClientConfig, host: string | undefined): LookUp {
  return async ({ dataset, tree, lists, friends }) => {
    const files = await resolveDataset(dataset, () => catalogOf(config, host), {
      ...{ site: config.site, tree, lists, friends },
    });
    return files.map(({ lfn, urls, ...file }) => ({ ...file, name: lfn ?? urls[0] ?? '', urls }));
  };
}

/** @param jobs who runs jobs for it */
export async function catalogOf(config: ClientConfig, host: string | undefined, jobs?: GridJobs): Promise<Grid> {
  if (host === undefined && config.catalog !== undefined) return openGrid(config.catalog, { site: config.site, jobs });
  const entry = hostEntry(config, host);
  const { url, isBesideServer } = await hostCatalog(entry);
  return openGrid(url, {
    site: config.site,
    ca: entry.ca ?? undefined,
    isBesideServer,
    token: entry.token ?? undefined,
    jobs,
  });
}
