/** Which plug-in speaks to a catalog: chosen by the URL. */
import { UsageError } from '../../protocol/errors.js';
import type { Grid } from './grid.js';
import { ProofGrid } from './proof-grid.js';

export interface OpenGridOptions {
  readonly token?: string | undefined;
  /** Under development authentication: who calls; default: the user of this process. */
  readonly user?: string | undefined;
  /** Site of this process: replicas come closest first. */
  readonly site?: string | undefined;
}

/** @throws {UsageError} a URL that no plug-in knows */
export async function openGrid(url: string, options: OpenGridOptions = {}): Promise<Grid> {
  if (!URL.canParse(url)) throw new UsageError(`${url} is no URL of a catalog, as http://voalice06:1095 is.`);
  if (/^https?:/i.test(url)) return new ProofGrid(url, options);
  throw new UsageError(`No plug-in knows catalogs at ${url}. Known: http:, https:.`);
}
