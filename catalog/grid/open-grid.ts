/** Which plug-in speaks to a catalog: chosen by the URL. Plug-ins are loaded when they are named. */
import { UsageError } from '../../protocol/errors.js';
import type { Grid, GridJobs } from './grid.js';
import { ProofGrid } from './proof-grid.js';

export interface OpenGridOptions {
  readonly token?: string | undefined;
  /** Under development authentication: who calls (default: the user of this process); with Rucio: the account. */
  readonly user?: string | undefined;
  /** Site of this process: replicas come closest first. */
  readonly site?: string | undefined;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string | undefined;
  /** Our own: it stands on a ProxyServer's port, and is reached the way that one is: through HTTP proxies, too. */
  readonly isBesideServer?: boolean | undefined;
  /** Who runs jobs for this Grid: a ProxyServer's queue. */
  readonly jobs?: GridJobs | undefined;
}

/**
 * - `http://host:1095`, `https://…` (or `proof+https://…`): our own catalog
 * - `embedded:DIR`: our own catalog as a child process, its database in DIR
 * - `rucio+https://rucio.example.org`: Rucio
 * - `file:///path/list.json` (CSV, XML): the list in that file
 *
 * @throws {UsageError} a URL that no plug-in knows
 */
export async function openGrid(url: string, options: OpenGridOptions = {}): Promise<Grid> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'http':
    case 'https':
      return new ProofGrid(url, options);
    case 'proof+http':
    case 'proof+https':
      return new ProofGrid(url.slice('proof+'.length), options);
    case 'embedded': {
      const { EmbeddedGrid } = await import('./embedded-grid.js');
      return EmbeddedGrid.start(url.slice('embedded:'.length), options);
    }
    case 'rucio+http':
    case 'rucio+https': {
      const { RucioGrid } = await import('./rucio-grid.js');
      const { token, user, site } = options;
      return new RucioGrid(url.slice('rucio+'.length), { token, account: user, site });
    }
    case 'file': {
      const { FileGrid } = await import('./file-grid.js');
      return new FileGrid(url);
    }
    default:
      throw new UsageError(
        `No plug-in knows a catalog at ${url}. Known: http(s)://HOST:PORT, embedded:DIR, rucio+https://HOST, file:///LIST.`,
      );
  }
}
