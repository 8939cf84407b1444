/** Keeps each user's results within the quota (result-quota.ts): looks when a query ends, removes what is past it, and tells the user. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptResults } from '../protocol/api.js';
import { FINAL_QUERY_STATES } from '../protocol/ids.js';
import type { Logger } from '../protocol/log.js';
import type { QueryStore } from './query-store.js';
import { type KeptResult, nearQuota, pastQuota, type ResultQuota } from './result-quota.js';

/** In a query's directory: its user has saved it. */
export const ARCHIVED = 'archived';

export interface ResultKeeperParts {
  readonly quota: ResultQuota;
  readonly queries: QueryStore;
  readonly log: Logger;
  /** Where a query's files are; undefined: nowhere any more. */
  readonly directoryOf: (query: string) => string | undefined;
  readonly removeFiles: (query: string) => Promise<void>;
  /** To the clients of that user's sessions. */
  readonly notify: (user: string, text: string) => void;
}

export class ResultKeeper {
  readonly #parts: ResultKeeperParts;
  constructor(parts: ResultKeeperParts) {
    this.#parts = parts;
  }

  /** What the user keeps now. */
  standing(user: string): KeptResults {
    const { quota } = this.#parts;
    const kept = this.#keptBy(user);
    const bytes = kept.reduce((sum, result) => sum + result.bytes, 0);
    return { kept: kept.length, bytes, ...quota, warning: nearQuota(kept, quota) ?? null };
  }

  async look(user: string): Promise<void> {
    const { queries, quota, notify, log, removeFiles } = this.#parts;
    const kept = this.#keptBy(user);
    const going = pastQuota(kept, quota);
    for (const { query } of going) {
      await removeFiles(query);
      queries.remove(query);
      log.info('a result is past the quota', { user, query });
    }
    if (going.length > 0)
      notify(user, `Past the quota of kept results, removed: ${going.map(({ query }) => query).join(', ')}.`);
    const warning = nearQuota(
      kept.filter((result) => !going.includes(result)),
      quota,
    );
    if (warning !== undefined) notify(user, warning);
  }

  #keptBy(user: string): KeptResult[] {
    return this.#parts.queries
      .list(user)
      .filter(({ state }) => FINAL_QUERY_STATES.includes(state))
      .map(({ query, endedAt }) => ({ query, endedAt: endedAt ?? 0, ...this.#sizeOf(query) }));
  }
  #sizeOf(query: string): Pick<KeptResult, 'bytes' | 'isArchived'> {
    const directory = this.#parts.directoryOf(query);
    if (directory === undefined || !existsSync(directory)) return { bytes: 0, isArchived: false };
    const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    return { bytes, isArchived: existsSync(join(directory, ARCHIVED)) };
  }
}
