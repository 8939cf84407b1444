/**
 * Brings waiting jobs to agents, follows what agents say of them, and takes back the jobs of agents that are lost.
 *
 * A job is with one agent at a time, and its `run` counts how often it was given out: what an agent says about an earlier run, or about
 * a job that is not with it, changes nothing, and that agent is told to end the payload. So a job is DONE once, whoever comes back late.
 */
import type { Surroundings } from '../../jdl/index.js';
import type { AgentMessage, ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import { GridError } from '../../protocol/errors.js';
import type { BatchPolicy, JobOrder, PayloadReport } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import type { Agent, AgentRegistry, PoolWorker } from '../agent-registry.js';
import { agentAd, secondsLeft } from './agent-ad.js';
import { JobInputError, type JobInputs, type JobOutputs } from './job-files.js';
import { ACTIVE_STATES } from './job-states.js';
import type { Job, JobStore } from './job-store.js';
import { type AgentOffer, matchJobs, type WaitingJob } from './matchmaker.js';
import { readStored, waitingJob } from './prepare-job.js';

export interface JobRunnerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JobStore;
  readonly inputs: JobInputs;
  readonly outputs: JobOutputs;
  readonly registry: AgentRegistry;
  readonly policyOf: (site: string) => BatchPolicy;
  readonly send: (agentId: string, message: ToAgentMessage) => void;
}

/** A job whose agents were lost so often is not given out again. */
const MOST_LOSSES = 4;
/** Until a job is tried again whose input could not be looked up because the catalog did not answer. */
const RETRY_MS = 10_000;
/** Of one job, for all files together: more belongs on storage. */
export const MOST_OUTPUT_BYTES = 64 * 2 ** 20;

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #waiting = new Map<number, WaitingJob>();
  /** MaxWaitingTime of those that have one, ms since 1970. */
  readonly #waitUntil = new Map<number, number>();
  readonly #active = new Map<number, Job>();
  /** Writes of one server, in their order. */
  #writing: Promise<void> = Promise.resolve();
  #isDue = false;
  #isClosed = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    for (const job of options.store.active()) this.#active.set(job.jobId, job);
    for (const job of options.store.waiting()) this.#wait(job);
  }

  /** A job waits (again). */
  enqueue(job: Job): void {
    this.#wait(job);
    this.look();
  }

  #wait(job: Job): void {
    this.#waiting.set(job.jobId, waitingJob(job));
    if (job.waitUntil !== null) this.#waitUntil.set(job.jobId, job.waitUntil);
  }

  /** Something changed: look soon. */
  look(): void {
    if (this.#isDue || this.#isClosed || this.#waiting.size === 0) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (!this.#isClosed) this.#dispatch();
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Offers of all agents that serve, for matching and for explanations. */
  offers(): AgentOffer[] {
    const nowMs = this.#nowMs();
    const used = new Map<string, number>();
    for (const { agentId, cores } of this.#active.values())
      if (agentId !== null) used.set(agentId, (used.get(agentId) ?? 0) + cores);
    return this.#options.registry
      .agents()
      .filter((agent) => agent.connected && agent.draining === null)
      .map((agent) => {
        const { agentId, node } = agent;
        const freeCores = Math.max(0, node.cores - sessionCores(agent) - (used.get(agentId) ?? 0));
        return {
          agentId,
          ad: agentAd(node, { freeCores, nowMs }),
          freeCores,
          freeMemoryBytes: node.memoryBytes,
          freeDiskBytes: node.diskBytes,
          secondsLeft: secondsLeft(node, nowMs),
        };
      });
  }

  /** On slots that decline, workers whose core a payload uses are not for sessions. */
  forSessions(free: readonly PoolWorker[]): PoolWorker[] {
    const room = new Map<string, number>();
    return free.filter(({ agentId }) => {
      const agent = this.#options.registry.get(agentId);
      if (agent === undefined || this.#options.policyOf(agent.node.site) !== 'decline') return true;
      const left = room.get(agentId) ?? agent.node.cores - sessionCores(agent) - this.#coresOn(agentId);
      room.set(agentId, left - 1);
      return left > 0;
    });
  }

  /** What an agent brings when it registers or comes back: jobs that it does not have are lost, those that are not its own end. */
  joined(agentId: string, reports: readonly PayloadReport[]): void {
    for (const job of [...this.#active.values()])
      if (job.agentId === agentId && !reports.some(({ jobId, run }) => jobId === job.jobId && run === job.run))
        this.#lose(job, 'its agent came back without it');
    for (const report of reports) this.report(agentId, report);
  }

  agentLost(agentId: string, because: string): void {
    for (const job of [...this.#active.values()]) if (job.agentId === agentId) this.#lose(job, because);
  }

  /** Jobs with agents that are not known any more, after a restart. */
  loseStrangers(known: ReadonlySet<string>): void {
    for (const job of [...this.#active.values()])
      if (job.agentId === null || !known.has(job.agentId)) this.#lose(job, 'its agent is not known any more');
  }

  hear(agentId: string, message: Extract<AgentMessage, { type: 'jobState' | 'jobOutput' }>): void {
    if (message.type === 'jobState') {
      this.report(agentId, message.job);
      return;
    }
    const { jobId, run, name, offset, data } = message;
    const job = this.#mine(agentId, jobId, run);
    if (job === undefined || offset + data.length > MOST_OUTPUT_BYTES) return;
    this.#writing = this.#writing
      .then(() => this.#options.outputs.write({ jobId, run, name }, offset, data))
      .catch((error: Error) => {
        this.#options.log.error(`output of a job is not kept: ${error.message}`, { jobId });
      });
  }

  report(agentId: string, report: PayloadReport): void {
    const { jobId, run, phase, end } = report;
    const job = this.#mine(agentId, jobId, run);
    if (job === undefined) {
      const type = phase === 'ended' ? 'forgetJob' : 'killJob';
      this.#options.send(agentId, { type, jobId, run });
      return;
    }
    if (phase === 'suspended' || phase === 'running') this.#running(job, phase === 'suspended');
    else if (phase === 'started') this.#step(job, 'start', 'its directory is made and its input fetched');
    else if (phase === 'saving') this.#step(job, 'save', 'the payload has ended; its output is being saved');
    else if (end !== undefined)
      void this.#writing.then(() => {
        if (this.#mine(agentId, jobId, run) !== undefined) this.#ended(job, end);
        this.#options.send(agentId, { type: 'forgetJob', jobId, run });
      });
  }

  /** Ends a job wherever it is. @returns false where it is over already */
  kill(job: Job, why: string): boolean {
    const { store, send } = this.#options;
    const killed = store.move(job.jobId, 'killed', { nowMs: this.#nowMs(), why });
    if (killed === undefined) return false;
    this.#waiting.delete(job.jobId);
    this.#active.delete(job.jobId);
    if (job.agentId !== null && ACTIVE_STATES.includes(job.state))
      send(job.agentId, { type: 'killJob', jobId: job.jobId, run: job.run });
    this.#afterEnd(killed);
    return true;
  }

  /** Jobs that waited longer than they wanted to. */
  expireWaiting(): void {
    const nowMs = this.#nowMs();
    for (const [jobId, until] of this.#waitUntil) {
      if (until > nowMs && this.#waiting.has(jobId)) continue;
      this.#waitUntil.delete(jobId);
      if (!this.#waiting.has(jobId)) continue;
      const moved = this.#options.store.move(jobId, 'waitTooLong', {
        nowMs,
        why: 'it waited longer than MaxWaitingTime',
      });
      if (moved === undefined) continue;
      this.#waiting.delete(jobId);
      this.#afterEnd(moved);
    }
  }

  #dispatch(): void {
    const { registry, store, log } = this.#options;
    this.expireWaiting();
    const coresOf = new Map<string, number>();
    for (const { user, cores } of this.#active.values()) coresOf.set(user, (coresOf.get(user) ?? 0) + cores);
    const surroundings: Surroundings = { now: () => this.#nowMs(), zoneOffset: () => 0, random: () => Math.random() };
    for (const { jobId, agentId } of matchJobs([...this.#waiting.values()], this.offers(), { coresOf, surroundings })) {
      const agent = registry.get(agentId);
      const before = store.get(jobId);
      if (agent === undefined || before === undefined) continue;
      const { site, host } = agent.node;
      const job = store.move(jobId, 'assign', {
        nowMs: this.#nowMs(),
        why: `to agent ${agentId} on ${host}, site ${site}`,
        facts: { agentId, site, host, run: before.run + 1, startedAt: null, exitCode: null },
      });
      if (job === undefined) continue;
      this.#waiting.delete(jobId);
      this.#active.set(jobId, job);
      log.info('job assigned', { jobId, agentId, run: job.run });
      void this.#giveOut(job, agentId, site);
    }
  }

  async #giveOut(job: Job, agentId: string, site: string): Promise<void> {
    const { send, clock, log, store } = this.#options;
    try {
      const order = await this.#order(job, site);
      if (this.#mine(agentId, job.jobId, job.run) !== undefined) send(agentId, { type: 'runJob', job: order });
    } catch (error) {
      if (this.#mine(agentId, job.jobId, job.run) === undefined) return;
      const why = (error as Error).message;
      if (error instanceof JobInputError || !(error instanceof GridError)) {
        if (!(error instanceof GridError)) log.error('a job cannot be given out', { stack: (error as Error).stack });
        this.#finish(job, 'badInput', why);
        return;
      }
      store.note(job.jobId, 'trace', `not given out, tried again in ${RETRY_MS / 1000} s: ${why}`, this.#nowMs());
      clock.after(RETRY_MS, () => {
        if (this.#isClosed || this.#mine(agentId, job.jobId, job.run) === undefined) return;
        this.#active.delete(job.jobId);
        const back = store.move(job.jobId, 'takeBack', { nowMs: this.#nowMs(), why, facts: { agentId: null } });
        if (back !== undefined) this.enqueue(back);
      });
    }
  }

  async #order(job: Job, site: string): Promise<JobOrder> {
    const { inputs, policyOf } = this.#options;
    const description = readStored(job.jdl);
    const { user } = job;
    const data = await inputs.files(user, description.inputData);
    const fetched = [...(await inputs.files(user, description.inputFiles)), ...data].filter(
      (file) => file.isDownloaded,
    );
    const names = fetched.map(({ lfn }) => lfn.split('/').at(-1)!);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new JobInputError(`Two input files are both named ${twice}; a job has one directory.`);
    const without = fetched.find(({ replicas }) => replicas.length === 0);
    if (without !== undefined) throw new JobInputError(`The input file ${without.lfn} has no copy that could be read.`);
    const list = description.inputDataList;
    return {
      jobId: job.jobId,
      run: job.run,
      user,
      executable: await inputs.program(user, description.executable),
      arguments: [...description.arguments],
      variables: { ...description.variables },
      inputs: fetched.map(({ replicas }, i) => ({ name: names[i]!, urls: replicas.map(({ url }) => url) })),
      inputList: list === undefined ? null : { file: list.file, lfns: data.map(({ lfn }) => lfn) },
      outputs: description.outputs.flatMap(({ name, members, kind }) => (kind === 'archive' ? [...members] : [name])),
      errorOutputs: description.errorOutputs.flatMap(({ name, members, kind }) =>
        kind === 'archive' ? [...members] : [name],
      ),
      validation:
        description.validationCommand === undefined ? null : await inputs.program(user, description.validationCommand),
      ttlSeconds: description.ttlSeconds,
      memoryBytes: description.memoryBytes,
      diskBytes: description.workDirectoryBytes,
      cores: job.cores,
      policy: policyOf(site),
    };
  }

  #running(job: Job, isSuspended: boolean): void {
    const { store } = this.#options;
    const now =
      job.state === 'RUNNING' ? job : this.#step(job, 'run', 'the payload runs', { startedAt: this.#nowMs() });
    if (now === undefined || now.isSuspended === isSuspended) return;
    store.setSuspended(now, isSuspended, this.#nowMs());
    this.#active.set(job.jobId, { ...now, isSuspended });
  }

  #step(job: Job, event: 'start' | 'run' | 'save', why: string, facts: Partial<Job> = {}): Job | undefined {
    const moved = this.#options.store.move(job.jobId, event, { nowMs: this.#nowMs(), why, facts });
    if (moved !== undefined) this.#active.set(job.jobId, moved);
    return moved;
  }

  #ended(job: Job, end: NonNullable<PayloadReport['end']>): void {
    const facts = { exitCode: end.exitCode, cpuSeconds: end.cpuSeconds, wallSeconds: end.wallSeconds };
    const spent = `${end.cpuSeconds.toFixed(1)} s of CPU in ${end.wallSeconds.toFixed(1)} s, suspended for ${end.suspendedSeconds.toFixed(1)} s`;
    this.#options.store.note(job.jobId, 'proc', spent, this.#nowMs());
    const stored = new Map(
      this.#options.outputs.list(job.jobId, job.run).map(({ name, size }): [string, number] => [name, size]),
    );
    const missing = end.files.find(({ name, size }) => size > 0 && stored.get(name) !== size);
    if (end.outcome === 'done' && missing !== undefined)
      this.#finish(job, 'notSaved', `${missing.name} did not arrive whole at the ProxyServer`, facts);
    else this.#finish(job, end.outcome, end.why, facts);
  }

  #finish(job: Job, event: NonNullable<PayloadReport['end']>['outcome'], why: string, facts: Partial<Job> = {}): void {
    this.#active.delete(job.jobId);
    const moved = this.#options.store.move(job.jobId, event, { nowMs: this.#nowMs(), why, facts });
    if (moved !== undefined) this.#afterEnd(moved);
    this.look();
  }

  #lose(job: Job, because: string): void {
    const { store, log } = this.#options;
    const nowMs = this.#nowMs();
    this.#active.delete(job.jobId);
    if (store.move(job.jobId, 'lose', { nowMs, why: because }) === undefined) return;
    log.warn('a job lost its agent', { jobId: job.jobId, run: job.run, because });
    if (job.run >= MOST_LOSSES) {
      const expired = store.move(job.jobId, 'expired', { nowMs, why: `its agents were lost ${job.run} times` });
      if (expired !== undefined) this.#afterEnd(expired);
      return;
    }
    const again = store.move(job.jobId, 'recover', { nowMs, why: 'it is given out again', facts: { agentId: null } });
    if (again !== undefined) this.enqueue(again);
  }

  /** The last sub-job ends its master. */
  #afterEnd({ masterId }: Job): void {
    if (masterId === null) return;
    const { store } = this.#options;
    const counts = new Map<string, number>();
    for (const { state, endedAt } of store.subJobs(masterId)) {
      if (endedAt === null) return;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    const why = [...counts].map(([state, n]) => `${n} ${state}`).join(', ');
    store.move(masterId, 'allEnded', { nowMs: this.#nowMs(), why: `all sub-jobs have ended: ${why}` });
  }

  /** The job, if it is with this agent in this run. */
  #mine(agentId: string, jobId: number, run: number): Job | undefined {
    const job = this.#active.get(jobId);
    return job !== undefined && job.agentId === agentId && job.run === run ? job : undefined;
  }

  #coresOn(agentId: string): number {
    return [...this.#active.values()].reduce((sum, job) => sum + (job.agentId === agentId ? job.cores : 0), 0);
  }

  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}

const sessionCores = ({ workers }: Agent): number =>
  [...workers.values()].filter(({ sessionId }) => sessionId !== null).length;
