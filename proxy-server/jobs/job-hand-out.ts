/** Jobs that the matchmaker gave to agents: their orders are made and sent, and what becomes of those that cannot be. */
import type { ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import { GridError } from '../../protocol/errors.js';
import type { BatchPolicy } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import type { AgentRegistry } from '../agent-registry.js';
import { surviving } from '../state-db.js';
import { JobInputError, type JobInputs } from './job-inputs.js';
import { jobOrder } from './job-order.js';
import type { Job } from './job-row.js';
import type { JobStore } from './job-store.js';
import type { JobTokens } from './job-tokens.js';
import type { OutputSettlement } from './output-settlement.js';

/** What orders are made with. */
export interface HandOutParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly inputs: JobInputs;
  /** Where outputs go, and what becomes of them. */
  readonly settlement: OutputSettlement;
  readonly tokens: JobTokens;
  readonly registry: AgentRegistry;
  readonly policyOf: (site: string) => BatchPolicy;
  readonly maxSuspendedOf: (site: string) => number;
  readonly send: (agentId: string, message: ToAgentMessage) => void;
}

export interface JobHandOutOptions extends HandOutParts {
  /** Is it still with this agent in this run? */
  readonly isMine: (job: Job) => boolean;
  readonly finish: (job: Job, event: 'badInput' | 'notAssigned', why: string) => void;
  /** Its agent is free of it; it is to wait again. */
  readonly takeBack: (job: Job, why: string) => void;
}

/** Until a job is tried again whose input could not be looked up because the catalog did not answer. */
const RETRY_MS = 10_000;
/** An hour of that, and the job is ERROR_A. */
const MOST_TRIES = 360;

export class JobHandOut {
  readonly #options: JobHandOutOptions;
  /** How often jobs were taken back, since one of their orders went out. */
  readonly #tries = new Map<number, number>();

  constructor(options: JobHandOutOptions) {
    this.#options = options;
  }

  async give(job: Job): Promise<void> {
    const { send, log, inputs, settlement, tokens, registry, policyOf, maxSuspendedOf, isMine } = this.#options;
    const agentId = job.agentId!;
    try {
      const node = registry.get(agentId)?.node;
      if (node === undefined) return; // its loss is told to the job already
      const order = await jobOrder(job, {
        ...{ inputs, settlement, tokens, node, policy: policyOf(node.site) },
        maxSuspendedSeconds: maxSuspendedOf(node.site),
      });
      this.#tries.delete(job.jobId);
      if (isMine(job)) send(agentId, { type: 'runJob', job: order });
    } catch (error) {
      surviving(log, () => this.#failed(job, error as Error));
    }
  }

  #failed(job: Job, error: Error): void {
    const { clock, log, store, isMine, finish, takeBack } = this.#options;
    const { jobId } = job;
    const tries = (this.#tries.get(jobId) ?? 0) + 1;
    this.#tries.delete(jobId);
    if (!isMine(job)) return;
    if (error instanceof JobInputError) finish(job, 'badInput', error.message);
    else if (!(error instanceof GridError)) {
      log.error('a job cannot be given out', { jobId, stack: error.stack });
      finish(job, 'notAssigned', `it cannot be given out: ${error.message}`);
    } else if (tries >= MOST_TRIES) {
      finish(job, 'notAssigned', `it could not be given out, tried ${tries} times in an hour: ${error.message}`);
    } else {
      this.#tries.set(jobId, tries);
      // The first time is told, and then every ten minutes: a trace is to be read.
      if (tries % 60 === 1)
        store.note(
          jobId,
          'trace',
          `not given out, tried again every ${RETRY_MS / 1000} s: ${error.message}`,
          clock.date().getTime(),
        );
      clock.after(RETRY_MS, () =>
        surviving(log, () => {
          if (isMine(job)) takeBack(job, error.message);
        }),
      );
    }
  }
}
