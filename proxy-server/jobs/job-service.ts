/** All of batch jobs in one ProxyServer, put together: the stores, the queue, what follows an end, and the desk that users ask. */
import type Database from 'better-sqlite3';
import { parseExpression } from '../../jdl/index.js';
import type { ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { Logger } from '../../protocol/log.js';
import type { AgentRegistry } from '../agent-registry.js';
import type { CatalogAccess } from '../catalog-access.js';
import type { ProxyConfig } from '../config.js';
import { surviving } from '../state-db.js';
import type { TokenBook } from '../token-book.js';
import { NO_SITE_OFFER, type SiteOffer } from './agent-ad.js';
import { BarStore } from './bar-store.js';
import { EndNotices } from './end-notices.js';
import { JobDesk } from './job-desk.js';
import { JobInputs } from './job-inputs.js';
import { JobOutputStore } from './job-output-store.js';
import { JobOutputs } from './job-outputs.js';
import { JobRunner } from './job-runner.js';
import { JobSplitter } from './job-splitter.js';
import { JobStore } from './job-store.js';
import { JobTokens } from './job-tokens.js';
import { OutputRegistrar } from './output-registrar.js';
import { OutputSettlement } from './output-settlement.js';
import { UsageStore } from './usage-store.js';

/** Of sites that are not configured here, whose agents were started by hand. */
const DEFAULT_MAX_SUSPENDED_S = 3600;

export interface JobServiceOptions {
  readonly config: ProxyConfig;
  readonly db: Database.Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: AgentRegistry;
  readonly catalog: Pick<CatalogAccess, 'forUser' | 'forAdmin'>;
  readonly send: (agentId: string, message: ToAgentMessage) => void;
  /** Signs tokens of payloads; null: they get none. */
  readonly book: Pick<TokenBook, 'forJob' | 'end' | 'writeEnds' | 'isVoid'> | null;
  /** Does this agent know what to do with them? */
  readonly takesTokens: (agentId: string) => boolean;
  /** A payload wants its cores back from sessions. */
  readonly onClaim: () => void;
  /** As JobRunner's. */
  readonly onDemand: () => void;
  readonly onUse: () => void;
}

export class JobService {
  readonly runner: JobRunner;
  readonly desk: JobDesk;
  readonly #store: JobStore;
  readonly #usage: UsageStore;
  readonly #inputs: JobInputs;
  readonly #outputs: JobOutputs;
  readonly #outputStore: JobOutputStore;
  readonly #tokens: JobTokens;

  constructor({ config, db, clock, log, registry, catalog, send, book, takesTokens, ...on }: JobServiceOptions) {
    const nowMs = (): number => clock.date().getTime();
    this.#store = new JobStore(db);
    this.#usage = new UsageStore(db);
    this.#inputs = new JobInputs({ catalog, homes: config.homes, nowMs });
    this.#outputs = new JobOutputs(config.stateDir);
    this.#outputStore = new JobOutputStore(db);
    const registrar = new OutputRegistrar(catalog, config.homes);
    this.#tokens = new JobTokens({ clock, log, book, takesTokens, send });
    this.#tokens.endOld((sinceMs) => this.#store.runsOver(sinceMs));
    const store = this.#store;
    const hook = config.emailHook ?? null;
    const sites = new Map(
      config.sites.map((site) => [
        site.name,
        { policy: site.batch, maxSuspendedS: site.maxSuspendedS, offer: siteOffer(site) },
      ]),
    );
    const note = (jobId: number, text: string): void => surviving(log, () => store.note(jobId, 'trace', text, nowMs()));
    this.runner = new JobRunner({
      clock,
      log,
      store,
      usage: this.#usage,
      bars: new BarStore(db, log),
      quotas: config.quotas,
      notices: new EndNotices({ hook, clock, note }),
      inputs: this.#inputs,
      outputs: this.#outputs,
      outputStore: this.#outputStore,
      registrar,
      hasEmailHook: hook !== null,
      settlement: new OutputSettlement({ registrar, clock, note }),
      tokens: this.#tokens,
      registry,
      maxSuspendedOf: (site) => sites.get(site)?.maxSuspendedS ?? DEFAULT_MAX_SUSPENDED_S,
      policyOf: (site) => sites.get(site)?.policy ?? 'suspend',
      siteOf: (site) => sites.get(site)?.offer ?? NO_SITE_OFFER,
      send,
      ...on,
    });
    this.desk = new JobDesk({
      store,
      runner: this.runner,
      splitter: new JobSplitter({ clock, store, runner: this.runner }),
      inputs: this.#inputs,
      outputs: this.#outputs,
      hasEmailHook: hook !== null,
      computingElements: () => [
        ...new Set([
          ...config.sites.filter(({ max }) => max > 0).map(({ name }) => name),
          ...registry.agents().map(({ node }) => node.ce ?? node.site),
        ]),
      ],
      nowMs,
    });
  }

  userOf(jobId: number): string | undefined {
    return this.#store.get(jobId)?.user;
  }

  /** Jobs that ended before are forgotten, with their files. */
  async prune(beforeMs: number): Promise<void> {
    this.#usage.prune(beforeMs);
    for (const jobId of this.#store.prune(beforeMs)) {
      this.#outputStore.remove(jobId);
      await this.#outputs.remove(jobId);
    }
  }

  async close(): Promise<void> {
    this.runner.close();
    this.#tokens.close();
    await this.#inputs.close();
    await this.#store.close();
  }
}

function siteOffer({ packages, partitions, requirements }: ProxyConfig['sites'][number]): SiteOffer {
  return {
    packages,
    partitions,
    requirements: requirements === undefined ? undefined : parseExpression(requirements),
  };
}
