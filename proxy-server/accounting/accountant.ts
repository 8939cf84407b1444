/** Puts a user's name to the CPU time that agents tell, and shows the sums: to users their own, to operators all. */
import type { AccountingKey, AccountingRow } from '../../protocol/accounting-messages.js';
import type { ProcessUse } from '../../protocol/agent-messages.js';
import type { Identity } from '../../protocol/tokens.js';
import type { Agent } from '../agent-registry.js';
import { reachOf } from '../authorization.js';
import type { UseStore } from './use-store.js';

export interface AccountantOptions {
  readonly store: UseStore;
  readonly userOfSession: (sessionId: string) => string | undefined;
  readonly userOfJob: (jobId: number) => string | undefined;
  readonly nowMs: () => number;
}

export class Accountant {
  readonly #options: AccountantOptions;
  constructor(options: AccountantOptions) {
    this.#options = options;
  }

  hear({ agentId, pilotId, node }: Pick<Agent, 'agentId' | 'pilotId' | 'node'>, uses: readonly ProcessUse[]): void {
    const { store, nowMs } = this.#options;
    const slot = pilotId ?? agentId;
    store.add(
      uses.map((process) => ({ agentId, slot, site: node.site, process, user: this.#userOf(process) })),
      nowMs(),
    );
  }

  sums(identity: Pick<Identity, 'user' | 'role'>, by: AccountingKey, days: number): AccountingRow[] {
    const { store, nowMs } = this.#options;
    const isOwn = reachOf(identity, 'accounting.read') !== 'any';
    return store.sums(by, { user: isOwn ? identity.user : null, sinceMs: nowMs() - (days - 1) * 86_400_000 });
  }

  #userOf({ kind, process, sessionId }: ProcessUse): string {
    const { userOfSession, userOfJob } = this.#options;
    if (kind === 'batch') return userOfJob(Number.parseInt(process, 10)) ?? '';
    return sessionId === null ? '' : (userOfSession(sessionId) ?? '');
  }
}
