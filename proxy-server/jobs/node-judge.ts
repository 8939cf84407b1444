/** Carries out what failure-rates.ts finds: nodes and sites that fail everything get no jobs for a while, and what failed there is tried elsewhere. */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { PayloadEnd } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import { type BarMemory, FailureRates } from './failure-rates.js';
import type { Job } from './job-row.js';
import type { JobStore } from './job-store.js';

export interface NodeJudgeOptions {
  readonly store: JobStore;
  readonly bars: BarMemory;
  readonly log: Logger;
  readonly enqueue: (jobs: readonly Job[]) => void;
  readonly nowMs: () => number;
}

/** What may be the node's fault; TTL, limits that users set and kills are not. */
const FAULTS: readonly PayloadEnd['outcome'][] = ['failed', 'badInput', 'notSaved'];
const GOOD: readonly PayloadEnd['outcome'][] = ['done', 'doneWarn'];
/** So often a job is tried again for a node's fault. */
const MOST_TRIES = 3;

export class NodeJudge {
  readonly #options: NodeJudgeOptions;
  readonly #rates: FailureRates;

  constructor(options: NodeJudgeOptions) {
    this.#options = options;
    this.#rates = new FailureRates(options.bars);
  }

  /** A run has ended, and its job was moved. */
  heard({ jobId, user, host, site }: Job, { outcome, wallSeconds }: PayloadEnd): void {
    const isFailure = FAULTS.includes(outcome);
    if (host === null || site === null || (!isFailure && !GOOD.includes(outcome))) return;
    const { store, log, enqueue, nowMs } = this.#options;
    const atMs = nowMs();
    for (const bar of this.#rates.add({ jobId, user, host, site, isFailure, wallSeconds, atMs })) {
      if (!bar.isKnown) log.warn(`a ${bar.kind} is barred from jobs`, { name: bar.name, why: bar.why });
      const why = `not its own fault: its ${bar.kind} ${bar.name} failed every job; tried elsewhere`;
      const again = bar.jobIds.flatMap((failed) => {
        const job = store.get(failed);
        if (job === undefined || job.resubmissions >= MOST_TRIES) return [];
        const facts = { agentId: null, resubmissions: job.resubmissions + 1 };
        const moved = store.move(failed, 'resubmit', { nowMs: atMs, why, facts });
        if (moved === undefined) return [];
        store.reopenFor(moved, atMs, `job ${failed} is tried elsewhere`);
        return moved;
      });
      enqueue(again);
    }
  }

  /** Why this node gets no jobs at present; null: it does. */
  barOf(node: Pick<NodeFacts, 'host' | 'site'>): string | null {
    return this.#rates.barOf(node, this.#options.nowMs())?.why ?? null;
  }
}
