/**
 * Slurm: sbatch with the script on standard input, squeue (and sacct where there is accounting), scancel.
 *
 * slurmctld and slurmd keep a job's script to its owner (mode 0700), so the pilot's settings travel inside it.
 * States: man squeue, JOB STATE CODES. Seen with 22.05.
 */
import { join } from 'node:path';
import type { HeldJob } from '../factory/reconcile.js';
import { type BatchHost, firstLine } from './batch-host.js';
import type { BatchSystem, PreparedPilot } from './batch-system.js';
import { quoteWord } from './quote-word.js';
import { type BatchState, type BatchStatus, type SiteDescription, SiteError } from './site.js';
import type { SlurmSettings } from './site-settings.js';

export const SLURM_STATES: Readonly<Record<string, BatchState>> = {
  PENDING: 'queued',
  CONFIGURING: 'queued',
  REQUEUED: 'queued',
  REQUEUE_FED: 'queued',
  RUNNING: 'running',
  COMPLETING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  RESIZING: 'running',
  SUSPENDED: 'held',
  STOPPED: 'held',
  REQUEUE_HOLD: 'held',
  RESV_DEL_HOLD: 'held',
  SPECIAL_EXIT: 'held',
  COMPLETED: 'ended',
  FAILED: 'ended',
  CANCELLED: 'ended',
  TIMEOUT: 'ended',
  DEADLINE: 'ended',
  NODE_FAIL: 'ended',
  BOOT_FAIL: 'ended',
  OUT_OF_MEMORY: 'ended',
  PREEMPTED: 'ended',
  REVOKED: 'ended',
};

/** Reasons for which a pending job will never start unless somebody acts (man squeue, JOB REASON CODES). */
const STUCK_REASONS: ReadonlySet<string> = new Set([
  'JobHeldUser',
  'JobHeldAdmin',
  'JobHoldMaxRequeue',
  'BadConstraints',
  'DependencyNeverSatisfied',
  'InvalidAccount',
  'InvalidQOS',
  'AccountNotAllowed',
  'QOSNotAllowed',
  'PartitionTimeLimit',
  'PartitionNodeLimit',
]);
const QUEUE_FIELDS = 'JobID:|,State:|,exit_code:|,Reason:|';
/** In the comment, which only the submitter writes: the name is the site's. */
const PILOT_MARK = 'proof-pilot=';

export class Slurm implements BatchSystem {
  readonly #site: string;
  readonly #settings: SlurmSettings;
  readonly #host: BatchHost;

  constructor(site: string, settings: SlurmSettings, host: BatchHost) {
    this.#site = site;
    this.#settings = settings;
    this.#host = host;
  }

  readonly movesPayload = false;

  get ce(): string {
    return `slurm/${this.#settings.partition ?? 'default'}`;
  }

  async submit(pilot: PreparedPilot): Promise<string> {
    const answer = await this.#host.run(this.#words(pilot), pilot.script({ text: pilot.settings }));
    const batchId = /^(\d+)(;.*)?\s*$/.exec(answer)?.[1]; // behind the semicolon a federation names its cluster
    if (batchId === undefined) throw this.#garbage('sbatch', answer);
    return batchId;
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    // By user: one unknown id alone would be an error, and ids of a large pool are a long command.
    const words = ['squeue', '--noheader', '--states=all', '--me', `--Format=${QUEUE_FIELDS}`];
    const found = new Map<string, BatchStatus>();
    for (const [batchId, status] of this.#parsed('squeue', await this.#host.run(words))) found.set(batchId, status);
    const missing = batchIds.filter((batchId) => !found.has(batchId));
    if (missing.length === 0) return found;
    const sacct = ['sacct', '-n', '-P', '-X', '-j', missing.join(','), '-o', 'JobIDRaw,State,ExitCode'];
    const past = await this.#host.tryRun(sacct);
    // Without accounting it says so and fails: those jobs stay unknown.
    if (past.status === 0)
      for (const [batchId, status] of this.#parsed('sacct', past.stdout)) found.set(batchId, status);
    return found;
  }

  async cancel(batchIds: readonly string[]): Promise<void> {
    // Quiet about jobs that are over.
    if (batchIds.length > 0) await this.#host.run(['scancel', '--quiet', ...batchIds]);
  }

  async jobs(): Promise<HeldJob[]> {
    // Without --states: those that are not over.
    const words = ['squeue', '--noheader', '--me', `--name=${this.#jobName}`, '--Format=JobID:|,Comment:|'];
    return (await this.#host.run(words)).split('\n').flatMap((line) => {
      const [batchId = '', comment = ''] = line.split('|').map((part) => part.trim());
      return /^\d+$/.test(batchId) && comment.startsWith(PILOT_MARK)
        ? [{ batchId, pilotId: comment.slice(PILOT_MARK.length) }]
        : [];
    });
  }

  async describe(): Promise<SiteDescription> {
    const { partition } = this.#settings;
    const words = ['sinfo', '--noheader', '--format=%P %a %C', ...(partition ? [`--partition=${partition}`] : [])];
    const line = firstLine(await this.#host.run(words));
    const [name, up, cpus] = line?.split(/\s+/) ?? [];
    const [allocated, idle, , total] = cpus?.split('/') ?? [];
    if (total === undefined) throw this.#garbage('sinfo', line ?? '');
    const text = `Slurm partition ${name} is ${up}: ${allocated} of ${total} CPUs allocated, ${idle} idle`;
    return { text, maxPilots: null };
  }

  translate(pilot: PreparedPilot): string {
    return `${this.#words(pilot).map(quoteWord).join(' ')} <<'SCRIPT'\n${pilot.script({ text: pilot.settings })}SCRIPT\n`;
  }

  logFile(directory: string, batchId: string): string {
    return join(directory, `pilot-${batchId}.log`);
  }

  get #jobName(): string {
    return `proof-${this.#site}`;
  }

  #words({ order, directory, pilotId, fetches }: PreparedPilot): string[] {
    const { partition, account, qos, options } = this.#settings;
    return [
      'sbatch',
      '--parsable',
      `--job-name=${this.#jobName}`,
      `--comment=${PILOT_MARK}${pilotId}`,
      `--output=${fetches ? '/dev/null' : join(directory, 'pilot-%j.log')}`,
      '--chdir=/',
      '--nodes=1',
      '--ntasks=1',
      `--cpus-per-task=${order.cores}`,
      ...(order.wholeNode ? ['--exclusive'] : []),
      `--time=${Math.ceil(order.ttlS / 60)}`,
      '--no-requeue', // a second start would find its secret used
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(account === undefined ? [] : [`--account=${account}`]),
      ...(qos === undefined ? [] : [`--qos=${qos}`]),
      ...options,
    ];
  }

  *#parsed(command: string, text: string): Generator<[string, BatchStatus]> {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const [batchId = '', states = '', code = '', reason = ''] = line.split('|').map((part) => part.trim());
      const word = states.split(/[\s+]/)[0]!; // sacct: "CANCELLED by 1000", "CANCELLED+"
      const exit = exitOf(code);
      if (!/^\d+(_\S+)?$/.test(batchId) || !/^[A-Z_]+$/.test(word) || exit === undefined)
        throw this.#garbage(command, line);
      const state = word === 'PENDING' && STUCK_REASONS.has(reason) ? 'held' : (SLURM_STATES[word] ?? 'unknown');
      yield [batchId, state === 'ended' ? endOf(word, exit) : { state, exitStatus: null, why: telling(word, reason) }];
    }
  }

  #garbage(command: string, text: string): SiteError {
    return new SiteError(`Site ${this.#site}: ${command} answered what no Slurm says: ${firstLine(text) ?? 'nothing'}`);
  }
}

interface Exit {
  readonly status: number;
  readonly signal: number;
}

/** squeue prints the status of wait(2), sacct EXIT:SIGNAL. */
function exitOf(code: string): Exit | undefined {
  const pair = /^(\d+):(\d+)$/.exec(code);
  if (pair !== null) return { status: Number(pair[1]), signal: Number(pair[2]) };
  if (!/^\d+$/.test(code)) return undefined;
  return { status: Number(code) >> 8, signal: Number(code) & 127 };
}

function endOf(word: string, { status, signal }: Exit): BatchStatus {
  if (word === 'COMPLETED') return { state: 'ended', exitStatus: 0, why: null };
  if (word === 'FAILED' && signal === 0) return { state: 'ended', exitStatus: status, why: null };
  return { state: 'ended', exitStatus: null, why: signal === 0 ? word : `${word}, killed by signal ${signal}` };
}

const telling = (word: string, reason: string): string | null =>
  reason === '' || reason === 'None' ? (word === 'RUNNING' ? null : word) : `${word}: ${reason}`;
