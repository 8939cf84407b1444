/**
 * Files that agents serve by an xrootd of their own: in the catalog as replicas of a storage element of that node, while the agent lives.
 * What stands there is also written to a file, so that a ProxyServer which was killed can take it back at its next start.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProofGrid } from '../catalog/grid/proof-grid.js';
import type { AgentMessage } from '../protocol/agent-messages.js';
import { checked, parseJson } from '../protocol/check.js';
import { errorBody } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import type { CatalogAccess } from './catalog-access.js';
import type { SiteConfig } from './config.js';

type Served = Extract<AgentMessage, { type: 'dataServer' }>;

const listing = z.array(z.object({ lfn: z.string(), url: z.string() }));
type Listing = z.infer<typeof listing>;

const AT_ONCE = 8;
const BATCH = 1_000;

export interface NodeFilesOptions {
  readonly directory: string;
  readonly sites: readonly SiteConfig[];
  readonly catalog: CatalogAccess;
  readonly log: Logger;
}

export class NodeFiles {
  readonly #options: NodeFilesOptions;
  /** Of one agent everything in its order. */
  readonly #work = new Map<string, Promise<void>>();

  constructor(options: NodeFilesOptions) {
    this.#options = options;
  }

  /** An agent tells what it serves. */
  served(agentId: string, host: string, siteName: string, message: Served): void {
    const site = this.#options.sites.find(({ name }) => name === siteName);
    const settings = site?.xrootd;
    if (settings === undefined) return;
    const se = settings.se ?? `PROOF::${siteName}::${host.split('.')[0]!.toUpperCase()}`;
    const files = message.files.map(({ path, size }) => ({
      lfn: `${settings.lfn.replace(/\/$/, '')}/${path}`,
      size,
      replicas: [{ url: `${message.url}${path}`, se }],
    }));
    this.#queue(agentId, async () => {
      this.#write(agentId, [
        ...this.#read(agentId),
        ...files.map(({ lfn, replicas }) => ({ lfn, url: replicas[0]!.url })),
      ]);
      await this.#options.catalog.withOwn(async (grid) => {
        for (let first = 0; first < files.length; first += BATCH)
          await grid.register(files.slice(first, first + BATCH));
      });
      this.#options.log.info('files of a node are in the catalog', { agentId, se, files: files.length });
    });
  }

  /** The agent is no more. */
  gone(agentId: string): void {
    this.#queue(agentId, async () => {
      const replicas = this.#read(agentId);
      if (replicas.length === 0) return;
      await this.#options.catalog.withOwn(async (grid) => {
        const waiting = replicas.values();
        const work = async (): Promise<void> => {
          for (const { lfn, url } of waiting) await forget(grid, lfn, url);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      });
      rmSync(this.#file(agentId), { force: true });
      this.#options.log.info('files of a node are out of the catalog', { agentId, files: replicas.length });
    });
  }

  /** Everything that was begun is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#work.values());
  }

  #queue(agentId: string, act: () => Promise<void>): void {
    const before = this.#work.get(agentId) ?? Promise.resolve();
    const now = before.then(act).catch((error: unknown) => {
      this.#options.log.error(`files of a node and the catalog differ: ${errorBody(error).message}`, { agentId });
    });
    this.#work.set(agentId, now);
    void now.then(() => {
      if (this.#work.get(agentId) === now) this.#work.delete(agentId);
    });
  }

  #file(agentId: string): string {
    return join(this.#options.directory, `${agentId}.json`);
  }
  #read(agentId: string): Listing {
    try {
      return checked(listing, parseJson(readFileSync(this.#file(agentId), 'utf8')));
    } catch {
      return []; // it serves none
    }
  }
  #write(agentId: string, replicas: Listing): void {
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    writeFileSync(this.#file(agentId), JSON.stringify(replicas), { mode: 0o600 });
  }
}

/** A file that somebody has removed meanwhile needs no care. */
async function forget(grid: ProofGrid, lfn: string, url: string): Promise<void> {
  try {
    await grid.http.tell('/v1/replica', { lfn, url, to: 'removed' });
  } catch (error) {
    if (!/_NO_SUCH_|_NO_REPLICA/.test(errorBody(error).code)) throw error;
  }
}
