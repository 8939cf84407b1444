/**
 * HTCondor, also as client of an HTCondor-CE (names of pool and schedd): condor_submit with the description on standard input,
 * condor_q -json, condor_history -json, condor_rm.
 *
 * Settings with the secret are an input file of the job (mode 0600), which HTCondor moves to the node with the script; nothing
 * has to be shared. A schedd that is named sees no disk of ours: files are spooled to it, and what a pilot wrote is fetched from it. States: HTCondor manual, "Job ClassAd Attributes", JobStatus. Tested with recorded shapes of the documented
 * formats only.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { HeldJob } from '../factory/reconcile.js';
import { type BatchHost, firstLine } from './batch-host.js';
import type { BatchSystem, PreparedPilot } from './batch-system.js';
import { quoteWord } from './quote-word.js';
import { type BatchState, type BatchStatus, type SiteDescription, SiteError } from './site.js';
import type { HtcondorSettings } from './site-settings.js';

/** By JobStatus. 6 transfers output, 7 is suspended. */
export const HTCONDOR_STATES: Readonly<Record<number, BatchState>> = {
  1: 'queued',
  2: 'running',
  3: 'ended',
  4: 'ended',
  5: 'held',
  6: 'running',
  7: 'held',
};

const ATTRIBUTES = 'ClusterId,ProcId,JobStatus,ExitCode,ExitBySignal,ExitSignal,HoldReason,RemoveReason,ProofPilot';
/** A schedd that files were spooled to keeps a job for its output: so long, in place of ten days. */
const KEPT_S = 3600;
const MARKED = 'ClusterId,ProcId,JobStatus,ProofPilot';
const job = z.object({
  ClusterId: z.number().int(),
  ProcId: z.number().int(),
  JobStatus: z.number().int(),
  ExitCode: z.number().int().optional(),
  ExitBySignal: z.boolean().optional(),
  ExitSignal: z.number().int().optional(),
  HoldReason: z.string().optional(),
  RemoveReason: z.string().optional(),
  ProofPilot: z
    .string()
    .regex(/^[\w-]+$/) // part of a file's name
    .optional(),
});
type Job = z.infer<typeof job>;

export class Htcondor implements BatchSystem {
  readonly #site: string;
  readonly #settings: HtcondorSettings;
  readonly #host: BatchHost;

  constructor(site: string, settings: HtcondorSettings, host: BatchHost) {
    this.#site = site;
    this.#settings = settings;
    this.#host = host;
  }

  readonly movesPayload = true;

  get ce(): string {
    return `htcondor/${this.#settings.schedd ?? this.#settings.pool ?? 'default'}`;
  }

  async submit(pilot: PreparedPilot): Promise<string> {
    const files = inputFiles(pilot);
    try {
      await this.#host.write(files.settings, pilot.settings);
      await this.#host.write(files.script, pilot.script({ file: `${pilot.pilotId}.json` }));
      const answer = await this.#host.run(this.#submitWords(), this.#description(pilot));
      const batchId = /^(\d+\.\d+) - (\d+\.\d+)\s*$/.exec(answer)?.[1];
      if (batchId === undefined) throw this.#garbage('condor_submit', answer);
      if (this.#isSpooled) await this.#host.remove(Object.values(files));
      return batchId; // without spooling they must lie there until the job starts
    } catch (error) {
      await this.#host.remove(Object.values(files));
      throw error;
    }
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    if (batchIds.length === 0) return new Map();
    const jobs = await this.#ask('condor_q', batchIds);
    const missing = batchIds.filter((batchId) => !jobs.has(batchId));
    if (missing.length > 0)
      for (const [batchId, job] of await this.#ask('condor_history', missing, ['-limit', String(missing.length)]))
        jobs.set(batchId, job);
    const found = new Map([...jobs].map(([batchId, job]) => [batchId, statusOf(job)]));
    await this.#removeInputs([...jobs].filter(([batchId]) => found.get(batchId)?.state === 'ended'));
    return found;
  }

  async cancel(batchIds: readonly string[]): Promise<void> {
    if (batchIds.length === 0) return;
    const jobs = await this.#ask('condor_q', batchIds).catch(() => new Map<string, Job>()); // to cancel is what matters
    const { status, stdout, stderr } = await this.#host.tryRun(['condor_rm', ...this.#where(), ...batchIds]);
    await this.#removeInputs([...jobs]);
    if (status === 0) return;
    // It also fails where a job is over. Whether one is left is what matters.
    const left = await this.#ask('condor_q', batchIds);
    const still = [...left].filter(([, job]) => statusOf(job).state !== 'ended').map(([batchId]) => batchId);
    if (still.length > 0)
      throw new SiteError(
        `Site ${this.#site}: condor_rm left ${still.join(', ')}: ${firstLine(stderr) ?? firstLine(stdout)}`,
      );
  }

  async jobs(): Promise<HeldJob[]> {
    const words = ['condor_q', ...this.#where(), '-constraint', `ProofSite == "${this.#site}"`];
    const held = z.array(job.extend({ ProofPilot: z.string() }));
    const found = this.#parsed('condor_q', held, await this.#host.run([...words, '-json', '-attributes', MARKED]));
    return found
      .filter(({ JobStatus }) => HTCONDOR_STATES[JobStatus] !== 'ended')
      .map(({ ClusterId, ProcId, ProofPilot }) => ({ batchId: `${ClusterId}.${ProcId}`, pilotId: ProofPilot }));
  }

  async describe(): Promise<SiteDescription> {
    const text = firstLine((await this.#host.run(['condor_q', ...this.#where(), '-version'])).replaceAll('$', ''));
    return { text: `${this.ce}: ${text ?? 'it says nothing of itself'}`, maxPilots: null };
  }

  /** Of a pilot that runs there is none yet, and the schedd says so; its log then stays empty. */
  async bringLog(batchId: string): Promise<void> {
    if (this.#isSpooled) await this.#host.tryRun(['condor_transfer_data', ...this.#where(), batchId]);
  }

  translate(pilot: PreparedPilot): string {
    return `${this.#submitWords().map(quoteWord).join(' ')} <<'DESCRIPTION'\n${this.#description(pilot)}DESCRIPTION\n`;
  }

  logFile(directory: string, batchId: string): string {
    return join(directory, `pilot-${batchId}.log`);
  }

  #submitWords(): string[] {
    const spool = this.#isSpooled ? ['-spool'] : [];
    return ['condor_submit', '-terse', ...this.#where(), ...spool, ...this.#settings.options, '-'];
  }

  get #isSpooled(): boolean {
    return this.#settings.schedd !== undefined;
  }

  /** Also of pilots that an earlier server handed over. */
  async #removeInputs(jobs: readonly (readonly [string, Job])[]): Promise<void> {
    const pilots = jobs.flatMap(([, { ProofPilot }]) =>
      ProofPilot === undefined || this.#isSpooled ? [] : [ProofPilot],
    );
    if (pilots.length === 0) return;
    const directory = await this.#host.directory();
    await this.#host.remove(pilots.flatMap((pilotId) => Object.values(inputFiles({ directory, pilotId }))));
  }

  #where(): string[] {
    const { pool, schedd } = this.#settings;
    return [...(pool === undefined ? [] : ['-pool', pool]), ...(schedd === undefined ? [] : ['-name', schedd])];
  }

  #description(pilot: PreparedPilot): string {
    const { accountingGroup, description } = this.#settings;
    const { settings, script } = inputFiles(pilot);
    const log = join(pilot.directory, 'pilot-$(ClusterId).$(ProcId).log');
    const lines = {
      universe: 'vanilla',
      executable: script,
      transfer_input_files: pilot.payload === null ? settings : `${settings}, ${pilot.payload}`,
      should_transfer_files: 'YES',
      when_to_transfer_output: 'ON_EXIT',
      transfer_output_files: '""',
      output: log,
      error: log,
      ...(this.#isSpooled
        ? { leave_in_queue: `(JobStatus == 4) && (time() - CompletionDate < ${KEPT_S})` }
        : { stream_output: 'True', stream_error: 'True' }),
      request_cpus: String(pilot.order.cores),
      '+MaxRuntime': String(pilot.order.ttlS),
      '+ProofSite': `"${this.#site}"`,
      '+ProofPilot': `"${pilot.pilotId}"`,
      // A second start would find its secret used.
      on_exit_remove: 'True',
      periodic_remove: `(NumJobStarts > 1) || ((JobStatus == 2) && (time() - EnteredCurrentStatus > ${pilot.order.ttlS}))`,
      ...(accountingGroup === undefined ? {} : { accounting_group: accountingGroup }),
      ...description,
    };
    const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
    return `${text.join('\n')}\nqueue 1\n`;
  }

  async #ask(command: string, batchIds: readonly string[], more: readonly string[] = []): Promise<Map<string, Job>> {
    const words = [command, ...this.#where(), ...batchIds, '-json', '-attributes', ATTRIBUTES, ...more];
    const jobs = this.#parsed(command, z.array(job), await this.#host.run(words));
    return new Map(jobs.map((found) => [`${found.ClusterId}.${found.ProcId}`, found]));
  }

  #parsed<T>(command: string, schema: z.ZodType<T[]>, text: string): T[] {
    if (text.trim() === '') return []; // no job: no array either
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.#garbage(command, text);
    }
    const jobs = schema.safeParse(value);
    if (!jobs.success) throw this.#garbage(command, text);
    return jobs.data;
  }

  #garbage(command: string, text: string): SiteError {
    return new SiteError(
      `Site ${this.#site}: ${command} answered what no HTCondor says: ${firstLine(text) ?? 'nothing'}`,
    );
  }
}

function inputFiles({ directory, pilotId }: Pick<PreparedPilot, 'directory' | 'pilotId'>): {
  settings: string;
  script: string;
} {
  return { settings: join(directory, `${pilotId}.json`), script: join(directory, `${pilotId}.sh`) };
}

function statusOf(found: Job): BatchStatus {
  const state = HTCONDOR_STATES[found.JobStatus] ?? 'unknown';
  if (state === 'held') return { state, exitStatus: null, why: found.HoldReason ?? `JobStatus ${found.JobStatus}` };
  if (state !== 'ended') return { state, exitStatus: null, why: null };
  if (found.JobStatus === 3) return { state, exitStatus: null, why: found.RemoveReason ?? 'removed' };
  if (found.ExitBySignal === true)
    return { state, exitStatus: null, why: `killed by signal ${found.ExitSignal ?? '?'}` };
  return { state, exitStatus: found.ExitCode ?? null, why: null };
}
