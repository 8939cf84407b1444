/** From a job's description to where its outputs go, and from what an agent has stored to what the catalog says; the two ends of one promise. */
import { randomBytes } from 'node:crypto';
import { CatalogUnreachableError } from '../../catalog/grid/errors.js';
import type { JobDescription } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder, PayloadEnd } from '../../protocol/job-messages.js';
import type { JobOutput } from './job-output-store.js';
import type { Job } from './job-row.js';
import { outputDirectory, planOutputs } from './output-plan.js';
import { JobOutputError, type OutputRegistrar } from './output-registrar.js';
import { readStored } from './prepare-job.js';

export interface OutputSettlementOptions {
  readonly registrar: OutputRegistrar;
  readonly clock: Clock;
  /** A line of the job's trace. */
  readonly note: (jobId: number, text: string) => void;
}

const RETRY_MS = 10_000;
/** So often a catalog that does not answer is asked again. */
const MOST_TRIES = 60;

export class OutputSettlement {
  readonly #options: OutputSettlementOptions;
  constructor(options: OutputSettlementOptions) {
    this.#options = options;
  }

  /** @throws {CatalogUnreachableError} */
  async plan(
    { jobId, run, user }: Job,
    { outputs, errorOutputs }: JobDescription,
    node: NodeFacts,
  ): Promise<Pick<JobOrder, 'outputs' | 'errorOutputs'>> {
    if (outputs.length + errorOutputs.length === 0) return { outputs: [], errorOutputs: [] };
    const elements = await this.#options.registrar.elements(user);
    // A name that no other run has, of this or another server: files of an earlier run may still be being written.
    const folder = `${encodeURIComponent(user)}/${jobId}.${run}-${randomBytes(6).toString('hex')}`;
    const plan = (specs: JobDescription['outputs']): JobOrder['outputs'] =>
      planOutputs(specs, elements, { node, folder });
    return { outputs: plan(outputs), errorOutputs: plan(errorOutputs) };
  }

  /** Registers what was stored. @param isWanted false ends the waiting for a catalog @returns how the run ended after all, and what is in the catalog of it */
  async settle(
    job: Job,
    end: PayloadEnd,
    isWanted: () => boolean,
  ): Promise<{ end: PayloadEnd; registered: readonly JobOutput[] }> {
    if (end.stored.length === 0) return { end, registered: [] };
    const { registrar, clock, note } = this.#options;
    const isFailed = end.outcome !== 'done' && end.outcome !== 'doneWarn';
    const { outputDir } = readStored(job.jdl);
    const directory = outputDirectory({ jobId: job.jobId, outputDir, isFailed }, registrar.homeOf(job.user));
    for (let tries = 1; ; tries++) {
      try {
        await registrar.register(job.user, end.stored, { directory, isFailed });
        note(job.jobId, `${end.stored.length} files registered in ${directory}`);
        const registered = end.stored.map(({ name, size }) => ({ lfn: `${directory}/${name}`, bytes: size }));
        return { end, registered };
      } catch (error) {
        if (error instanceof CatalogUnreachableError && tries < MOST_TRIES && isWanted()) {
          if (tries === 1) note(job.jobId, `the catalog does not answer; its outputs wait to be registered`);
          await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
          continue;
        }
        if (!(error instanceof JobOutputError) && !(error instanceof CatalogUnreachableError)) throw error;
        const left = end.stored.flatMap(({ replicas }) => replicas.map(({ url }) => url));
        if (left.length > 0)
          note(job.jobId, `without a name in the catalog, on storage: ${left.join(' ')}`.slice(0, 2000));
        const why = `${end.why}; ${error.message}`.slice(0, 2000);
        return { end: { ...end, outcome: isFailed ? end.outcome : 'notSaved', why }, registered: [] };
      }
    }
  }
}
