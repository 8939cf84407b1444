/** Which catalog a command speaks to, and as whom: `--catalog URL`, else $PROOF_CATALOG, else what the configuration says, else what its host says. */
import type { Command } from 'commander';
import type { Grid } from '../../../catalog/grid/grid.js';
import { openGrid } from '../../../catalog/grid/open-grid.js';
import { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { UsageError } from '../../../protocol/errors.js';
import { type ClientConfig, type HostEntry, hostEntry, readClientConfig } from '../../client-config.js';
import { type HostCatalog, hostCatalog } from '../../host-catalog.js';

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
    .option('--catalog <URL>', 'the catalog; else that of the configuration, or of its host')
    .option('--host <HOST>', 'the ProxyServer whose catalog is meant')
    .option('--site <SITE>', 'replicas close to this site come first')
    .option('--user <NAME>', 'under development authentication: who asks')
    .option('--json', 'JSON instead of a listing');
}

/** Opens the catalog of a command, runs, closes it. */
export async function withGrid<T>(command: Command, run: (grid: Grid) => Promise<T>): Promise<T> {
  const options = command.optsWithGlobals<CatalogOptions & { config?: string }>();
  const config = readClientConfig(options.config);
  const { url, isBesideServer, host } = await catalogOf(config, options);
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

async function catalogOf(
  config: ClientConfig,
  options: CatalogOptions,
): Promise<HostCatalog & { host: HostEntry | undefined }> {
  const named = options.catalog ?? (options.host === undefined ? process.env['PROOF_CATALOG'] || undefined : undefined);
  const hasHost =
    options.host !== undefined || config.defaultHost !== undefined || Object.keys(config.hosts).length === 1;
  const host = hasHost ? hostEntry(config, options.host) : undefined;
  if (named !== undefined) return { url: named, host };
  if (options.host === undefined && config.catalog !== undefined) return { url: config.catalog, host };
  if (host === undefined)
    throw new UsageError('Which catalog? Say --catalog URL or --host HOST, or put `catalog:` into your configuration.');
  return { ...(await hostCatalog(host)), host };
}
