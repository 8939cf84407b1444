/**
 * Workers asked for ahead (`proof request`): the catalog says where the files of the data set are, the factory is told to have so many
 * cores stand there until the request expires, and elsewhere where those sites are full.
 */
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import type { newRequest, RequestInfo } from '../../protocol/api.js';
import { GridError } from '../../protocol/errors.js';
import { didYouMean } from '../../protocol/nearest.js';
import type { Identity } from '../../protocol/tokens.js';
import type { AgentRegistry } from '../agent-registry.js';
import type { CatalogAccess } from '../catalog-access.js';
import type { SiteConfig } from '../config.js';
import type { CopyStore } from './copy-store.js';
import { dataPlaces, placesWith, type SitePlace } from './data-places.js';
import type { Wish } from './demand.js';
import { planCopies } from './plan-copies.js';
import type { PoolRequest, RequestStore } from './request-store.js';

/** Workers cannot be asked for so: why, and what could be. */
export class RequestRefusedError extends GridError {
  readonly code = 'PROXY_REQUEST_REFUSED';
}
/** No such request, or it has expired. */
export class NoSuchRequestError extends GridError {
  readonly code = 'PROXY_NO_SUCH_REQUEST';
}

export interface RequestDeskOptions {
  readonly sites: readonly SiteConfig[];
  readonly store: RequestStore;
  readonly catalog: CatalogAccess;
  readonly registry: AgentRegistry;
  readonly nowMs: () => number;
  readonly copies: CopyStore;
  /** Demand has changed, or there is something to copy. */
  readonly onChange: () => void;
}

export class RequestDesk {
  readonly #options: RequestDeskOptions;
  constructor(options: RequestDeskOptions) {
    this.#options = options;
  }

  /** What the factory shall follow. */
  wishes(): Wish[] {
    return this.#alive().map(({ requestId, user, workers, sites }) => {
      const near = sites.filter(({ files }) => files > 0).map(({ site }) => site);
      const others = sites.filter(({ files }) => files === 0).map(({ site }) => site);
      const tiers = [near, others].filter((tier) => tier.length > 0);
      return { who: `for request ${requestId} of ${user}`, cores: workers, tiers, isStanding: true };
    });
  }

  /** @throws {RequestRefusedError}; errors of the catalog: the data set is not there, or cannot be looked up */
  async make({ user }: Identity, wanted: z.infer<typeof newRequest>): Promise<RequestInfo> {
    const { store, nowMs, onChange } = this.#options;
    const sites = this.#sitesFor(wanted.site, wanted.workers);
    const files = wanted.dataset.length === 0 ? [] : await this.#files(user, wanted.dataset);
    const madeAt = nowMs();
    const requestId = `r${madeAt.toString(36)}-${randomBytes(2).toString('hex')}`;
    const places = placesOf(files, sites);
    const request: PoolRequest = {
      requestId,
      user,
      dataset: wanted.dataset,
      workers: wanted.workers,
      sites: this.#withCopies({ requestId, user }, files, places),
      madeAt,
      expiresAt: madeAt + wanted.lifetimeS * 1000,
    };
    store.add(request);
    onChange();
    return this.#info(request);
  }

  /** A file is near a site that was not. */
  copied(requestId: string, site: string, bytes: number): void {
    const request = this.#alive().find((one) => one.requestId === requestId);
    if (request === undefined) return;
    this.#options.store.setSites(requestId, placesWith(request.sites, site, bytes));
    this.#options.onChange();
  }

  list(): RequestInfo[] {
    return this.#alive().map((request) => this.#info(request));
  }

  /** @throws {NoSuchRequestError} */
  get(requestId: string): RequestInfo {
    return this.#info(this.#request(requestId));
  }

  /** @throws {NoSuchRequestError} */
  remove(requestId: string): void {
    this.#options.store.remove(this.#request(requestId).requestId);
    this.#options.copies.withdraw(requestId);
    this.#options.onChange();
  }

  #alive(): PoolRequest[] {
    return this.#options.store.alive(this.#options.nowMs());
  }

  #request(requestId: string): PoolRequest {
    const request = this.#alive().find((one) => one.requestId === requestId);
    if (request === undefined)
      throw new NoSuchRequestError(
        `There is no request ${requestId} (any more). "proof request --list" shows those there are.`,
      );
    return request;
  }

  #sitesFor(site: string | null, workers: number): SiteConfig[] {
    const { sites } = this.#options;
    const names = sites.map(({ name }) => name);
    if (site !== null && !names.includes(site))
      throw new RequestRefusedError(
        `This ProxyServer has no site ${site}.${didYouMean(site, names)} It has ${names.join(', ') || 'none'}.`,
      );
    const eligible = sites.filter(({ name, max }) => max > 0 && (site === null || name === site));
    const most = eligible.reduce((sum, { max, cores }) => sum + max * cores, 0);
    if (workers > most)
      throw new RequestRefusedError(
        `${workers} workers were asked for; ${site ?? 'all sites together'} may have ${most} (max x cores of the configuration). Ask for fewer.`,
      );
    return eligible;
  }

  async #files(user: string, dataset: readonly string[]) {
    return this.#options.catalog.withGrid(user, (grid) => {
      if (grid === undefined)
        throw new RequestRefusedError(
          'This ProxyServer has no catalog that could say where the files are. Leave --dataset out, or configure "catalog".',
        );
      return resolveDataset(dataset, grid);
    });
  }

  /** Small files go to the site that is asked first, where it is configured so. @returns the places, with what is left out */
  #withCopies(
    of: { requestId: string; user: string },
    files: Parameters<typeof dataPlaces>[0],
    places: SitePlace[],
  ): SitePlace[] {
    const [first, ...others] = places;
    const site = this.#options.sites.find(({ name }) => name === first?.site);
    if (first === undefined || site?.replicate === undefined) return places;
    const { name, storageDomain, closeSEs, replicate } = site;
    const { copies, nowMs } = this.#options;
    const counted = copies.counted(name, replicate.se);
    const plan = planCopies(files, { site: name, storageDomain, closeSEs }, replicate, counted);
    copies.add({ ...of, site: name, se: replicate.se }, plan.copies, nowMs());
    return [plan.leftOut === null ? first : { ...first, leftOut: plan.leftOut }, ...others];
  }

  #info(request: PoolRequest): RequestInfo {
    const names = new Set(request.sites.map(({ site }) => site));
    const ready = this.#options.registry
      .agents()
      .filter(({ node, draining, connected }) => connected && draining === null && names.has(node.site))
      .flatMap(({ workers }) => [...workers.values()])
      .filter(({ phase }) => phase === 'warm' || phase === 'attached').length;
    const { requestId, dataset, sites } = request;
    const copies = this.#options.copies.ofRequest(requestId);
    return { ...request, dataset: [...dataset], sites: [...sites], ready, copies };
  }
}

function placesOf(files: Parameters<typeof dataPlaces>[0], sites: readonly SiteConfig[]): SitePlace[] {
  return dataPlaces(
    files,
    sites.map(({ name, storageDomain, closeSEs }) => ({ site: name, storageDomain, closeSEs })),
  );
}
