/** Names -> files in the client's own process (`--local`): the catalog is asked only when a word needs it. */
import type { Grid, GridJobs } from '../../catalog/grid/grid.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import type { ClientConfig } from '../client-config.js';
import { type CatalogWords, chosenCatalog } from '../host-catalog.js';
import type { LookUp } from './local-run.js';

export function localLookUp(config: ClientConfig, words: CatalogWords): LookUp {
  return async ({ dataset, tree, lists, friends }) => {
    let grid: Promise<Grid> | undefined;
    const open = (): Promise<Grid> => {
      grid ??= catalogOf(config, words);
      return grid;
    };
    try {
      const files = await resolveDataset(dataset, open, { site: config.site, tree, lists, friends });
      return files.map(({ lfn, urls, ...file }) => ({ ...file, name: lfn ?? urls[0] ?? '', urls }));
    } finally {
      await grid?.then(
        (opened) => opened.close(), // at a prompt there are many such runs
        () => {},
      );
    }
  };
}

/** @param jobs who runs jobs for it */
export async function catalogOf(config: ClientConfig, words: CatalogWords, jobs?: GridJobs): Promise<Grid> {
  const { url, isBesideServer, host } = await chosenCatalog(config, words);
  return openGrid(url, {
    site: config.site,
    ca: host?.ca ?? undefined,
    isBesideServer,
    token: host?.token ?? process.env['PROOF_TOKEN'],
    jobs,
  });
}
