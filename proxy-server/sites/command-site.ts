/**
 * A site whose batch system is spoken to by commands, here or on a login node: what Slurm, Grid Engine and HTCondor share.
 * Nothing is kept in memory that a restarted ProxyServer would miss: a log's name is made of its batch id.
 */
import { join } from 'node:path';
import { type PilotOrder, readPilotJdl } from '../factory/read-pilot-jdl.js';
import type { HeldJob } from '../factory/reconcile.js';
import { agentSettingsOf, type PilotSiteConfig, payloadFetch } from './agent-settings.js';
import type { BatchHost } from './batch-host.js';
import type { BatchSystem, PreparedPilot } from './batch-system.js';
import { payloadOf } from './payload.js';
import { type PayloadFetch, pilotScript } from './pilot-script.js';
import type { BatchStatus, PilotTicket, Site, SiteContext, SiteDescription, Submitted } from './site.js';
import type { RemoteBatch } from './site-settings.js';

/** Submitting commands at work at the same time. */
const AT_ONCE = 4;
const PAYLOAD = 'payload.sh';
const UNKNOWN: BatchStatus = { state: 'unknown', exitStatus: null, why: 'the batch system does not know it' };

export interface CommandSiteOptions {
  readonly config: PilotSiteConfig;
  readonly context: SiteContext;
  readonly host: BatchHost;
  readonly system: BatchSystem;
  readonly agentCommand: readonly string[];
  /** How nodes get Node.js and agent: they have both, the pilot brings them, or it fetches them. */
  readonly payload: RemoteBatch['payload'];
  readonly scratch: string | null;
}

export class CommandSite implements Site {
  readonly #options: CommandSiteOptions;
  #provided: Promise<string> | undefined;
  constructor(options: CommandSiteOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.config.name;
  }
  get type(): string {
    return this.#options.config.type;
  }

  async submit(jdl: string, tickets: readonly PilotTicket[]): Promise<Submitted[]> {
    const { host, system } = this.#options;
    const order = readPilotJdl(jdl, this.name);
    const directory = await host.directory();
    const payload = await this.#payload();
    const fetch = await this.#fetch();
    const answers: Submitted[] = [];
    const waiting = tickets.entries();
    const work = async (): Promise<void> => {
      for (const [i, ticket] of waiting) {
        const { pilotId } = ticket;
        try {
          answers[i] = {
            pilotId,
            batchId: await system.submit(this.#prepared(order, ticket, directory, { payload, fetch })),
          };
        } catch (error) {
          answers[i] = { pilotId, error: (error as Error).message };
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, tickets.length) }, work));
    return answers;
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    const known = await this.#options.system.status(batchIds);
    return new Map(batchIds.map((batchId) => [batchId, known.get(batchId) ?? UNKNOWN]));
  }

  cancel(batchIds: readonly string[]): Promise<void> {
    return this.#options.system.cancel(batchIds);
  }

  jobs(): Promise<HeldJob[]> {
    return this.#options.system.jobs();
  }

  async output(batchId: string): Promise<string> {
    const { host, system } = this.#options;
    await system.bringLog?.(batchId);
    return host.tail(system.logFile(await host.directory(), batchId));
  }

  describe(): Promise<SiteDescription> {
    return this.#options.system.describe();
  }

  translate(jdl: string): string {
    const ticket = { pilotId: 'PILOT', secret: '(one-time secret)' };
    const { payload, system, config, context } = this.#options;
    const way = {
      payload: payload === true ? `DIRECTORY/${PAYLOAD}` : null,
      fetch: payload === 'fetch' ? payloadFetch(config, context, '(SHA-256)') : null,
    };
    return system.translate(this.#prepared(readPilotJdl(jdl, this.name), ticket, 'DIRECTORY', way));
  }

  async forget(batchId: string): Promise<void> {
    const { host, system } = this.#options;
    await host.remove([system.logFile(await host.directory(), batchId)]);
  }

  /** In the directory of pilots; a server may be a new version, so it is put there once in a server's life. */
  async #payload(): Promise<string | null> {
    const { payload, host, context } = this.#options;
    if (payload !== true) return null;
    this.#provided ??= payloadOf(context).then(({ file }) => host.provide(file, PAYLOAD));
    try {
      return await this.#provided;
    } catch (error) {
      this.#provided = undefined; // the next submission tries again
      throw error;
    }
  }

  async #fetch(): Promise<PayloadFetch | null> {
    const { payload, config, context } = this.#options;
    return payload === 'fetch' ? payloadFetch(config, context, (await payloadOf(context)).sha256) : null;
  }

  #prepared(
    order: PilotOrder,
    ticket: PilotTicket,
    directory: string,
    { payload, fetch }: { payload: string | null; fetch: PayloadFetch | null },
  ): PreparedPilot {
    const { config, context, system, scratch } = this.#options;
    const agentCommand =
      payload === null ? this.#options.agentCommand : ['sh', system.movesPayload ? `./${PAYLOAD}` : payload];
    const { pilotId } = ticket;
    return {
      pilotId,
      order,
      directory,
      payload,
      fetches: fetch !== null,
      settings: JSON.stringify(agentSettingsOf({ config, context, order, ticket, ce: system.ce })),
      script: (settings, ownSession = false) =>
        pilotScript({
          ...{ site: this.name, pilotId, agentCommand, ttlS: order.ttlS, scratch, settings, ownSession },
          wholeNode: order.wholeNode,
          about: order,
          ...(fetch === null ? {} : { fetch }),
        }),
    };
  }
}

/** The directory of one site's pilots, where several sites share the server's. */
export const ownDirectory = (context: SiteContext, name: string): string => join(context.directory, `site-${name}`);
