/** The catalog that a command speaks to, and as whom. */
import type { Command } from 'commander';
import type { Grid } from '../../../catalog/grid/grid.js';
import { openGrid } from '../../../catalog/grid/open-grid.js';
import { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { UsageError } from '../../../protocol/errors.js';
import { readClientConfig } from '../../client-config.js';
import { chosenCatalog } from '../../host-catalog.js';

export interface CatalogOptions {
  readonly catalog?: string;
  readonly host?: string;
  readonly user?: string;
  readonly site?: string;
  readonly json?: boolean;
}

/** The options that every catalog command takes. */
export function withCatalogOptions(command: Command): Command {
  return command
    .option('--catalog <URL>', 'the catalog; else $PROOF_CATALOG, that of the configuration, or of its host')
    .option('--host <HOST>', 'the ProxyServer whose catalog is meant')
    .option('--site <SITE>', 'replicas close to this site come first')
    .option('--user <NAME>', 'under development authentication: who asks')
    .option('--json', 'JSON instead of a listing');
}

/** Opens the catalog of a command, runs, closes it. */
export async function withGrid<T>(command: Command, run: (grid: Grid) => Promise<T>): Promise<T> {
  const options = command.optsWithGlobals<CatalogOptions & { config?: string }>();
  const config = readClientConfig(options.config);
  const { url, isBesideServer, host } = await chosenCatalog(config, options);
  const grid = await openGrid(url, {
    token: host?.token ?? process.env['PROOF_TOKEN'],
    user: options.user,
    site: options.site ?? config.site,
    ca: host?.ca ?? undefined,
    isBesideServer,
  });
  try {
    return await run(grid);
  } finally {
    await grid.close();
  }
}

/** As withGrid, for what only our own catalog can do. */
export function withCatalog<T>(command: Command, run: (grid: ProofGrid) => Promise<T>): Promise<T> {
  return withGrid(command, (grid) => {
    if (grid instanceof ProofGrid) return run(grid);
    throw new UsageError(`${grid.url} is no catalog of this project, which "proof ${command.name()}" needs.`);
  });
}
