/**
 * The jobs that wait and those that are with agents: follows what agents say, and takes back the jobs of agents that are lost. Who runs where
 * is job-dispatch.ts, what follows an end job-ends.ts.
 *
 * A job is with one agent at a time, and its `run` counts how often it was given out: what an agent says about an earlier run, or about
 * a job that is not with it, changes nothing, and that agent is told to end the payload. So a job is DONE once, whoever comes back late.
 */
import type { Surroundings } from '../../jdl/index.js';
import type { AgentMessage } from '../../protocol/agent-messages.js';
import type { PayloadEnd, PayloadReport } from '../../protocol/job-messages.js';
import { ActiveJobs } from './active-jobs.js';
import type { SiteOffer } from './agent-ad.js';
import { AgentOffers } from './agent-offers.js';
import { CoreClaims } from './core-claims.js';
import type { EndNotices } from './end-notices.js';
import type { BarMemory } from './failure-rates.js';
import { JobDemand } from './job-demand.js';
import { JobDispatch } from './job-dispatch.js';
import { JobEnds } from './job-ends.js';
import { type HandOutParts, JobHandOut } from './job-hand-out.js';
import { JobMerger } from './job-merger.js';
import type { JobOutputStore } from './job-output-store.js';
import type { JobOutputs } from './job-outputs.js';
import type { Job } from './job-row.js';
import { ACTIVE_STATES } from './job-states.js';
import { readWants } from './job-wants.js';
import type { AgentOffer } from './matchmaker.js';
import { NodeJudge } from './node-judge.js';
import type { OutputRegistrar } from './output-registrar.js';
import { storedWants } from './prepare-job.js';
import type { Quotas } from './quotas.js';
import type { UsageStore, Used } from './usage-store.js';
import { UserStanding } from './user-standing.js';
import { type Queued, WaitingRoom } from './waiting-room.js';

export interface JobRunnerOptions extends HandOutParts {
  readonly usage: UsageStore;
  readonly bars: BarMemory;
  readonly quotas: Quotas;
  readonly notices: EndNotices;
  readonly outputs: JobOutputs;
  readonly outputStore: JobOutputStore;
  readonly registrar: OutputRegistrar;
  readonly hasEmailHook: boolean;
  /** A payload wants its cores back from sessions. */
  readonly onClaim: () => void;
  readonly siteOf: (site: string) => SiteOffer;
  /** The jobs for which there is no room have changed. */
  readonly onDemand: () => void;
  /** Agents got jobs, or are rid of them. */
  readonly onUse: () => void;
}

/** A job whose agents were lost so often is not given out again. */
const MOST_LOSSES = 4;
/** Of one job, for all files together: more belongs on storage. */
export const MOST_OUTPUT_BYTES = 64 * 2 ** 20;

type Spent = Pick<PayloadEnd, 'cpuSeconds' | 'wallSeconds'>;
/** Kept of every job, for those who look at it. */
const STREAMS: readonly string[] = ['stdout', 'stderr'];

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #surroundings: Surroundings = { now: () => this.#nowMs(), zoneOffset: () => 0, random: () => Math.random() };
  readonly #room: WaitingRoom;
  readonly #handOut: JobHandOut;
  readonly #active = new ActiveJobs((job) => this.#options.tokens.over(job));
  readonly claims: CoreClaims;
  readonly judge: NodeJudge;
  readonly #offers: AgentOffers;
  readonly #dispatch: JobDispatch;
  readonly #ends: JobEnds;
  readonly standing: UserStanding;
  readonly demand: JobDemand;
  readonly merger: JobMerger;
  /** Writes of one server, in their order. */
  #writing: Promise<void> = Promise.resolve();
  /** Ends that are being settled: `JOB.RUN`. */
  readonly #settling = new Set<string>();
  #isClosed = false;

  constructor(options: JobRunnerOptions) {
    const { clock, log, store, bars, registry, siteOf, quotas, usage, notices } = options;
    this.#options = options;
    this.claims = new CoreClaims({ registry, active: this.#active, policyOf: options.policyOf });
    const nowMs = (): number => this.#nowMs();
    const heldBack = (user: string): string | undefined => this.standing.heldBack(user);
    this.#room = new WaitingRoom({
      ...{ clock, log, store, surroundings: this.#surroundings, heldBack },
      onRelease: () => this.look(),
    });
    const { queue } = this.#room;
    this.judge = new NodeJudge({ store, bars, log, enqueue: (jobs) => this.enqueue(jobs), nowMs });
    this.#offers = new AgentOffers(registry, this.#active, {
      siteOf,
      isBarred: (node) => this.judge.barOf(node) !== null,
    });
    const isHeld = (user: string): boolean => this.#room.isHeld(user);
    this.standing = new UserStanding({ quotas, queue, active: this.#active, usage, isHeld, nowMs });
    this.#handOut = new JobHandOut({
      ...options,
      isMine: (job) => this.#isMine(job),
      finish: (job, event, why) => this.#finish(job, event, why),
      takeBack: (job, why) => this.#takeBack(job, why),
    });
    const matching = { queue, offers: this.#offers, standing: this.standing, surroundings: this.#surroundings };
    this.#dispatch = new JobDispatch({
      ...matching,
      ...{ clock, log, store, active: this.#active },
      onAssigned: (jobs) => {
        for (const job of jobs) void this.#handOut.give(job);
        options.onUse();
      },
      onRound: () => this.demand.roundOver(),
    });
    this.demand = new JobDemand({
      ...matching,
      siteOf,
      coresOf: () => this.#active.coresOfUsers(),
      isSettled: () => this.#dispatch.isSettled,
      onChange: options.onDemand,
    });
    this.merger = new JobMerger({
      ...options,
      reserve: (user, more) => this.standing.reserve(user, more),
      enqueue: (jobs) => this.enqueue(jobs),
      onEnd: (master) => this.#ends.tell(master),
    });
    this.#ends = new JobEnds({
      ...{ clock, log, store, notices, merger: this.merger },
      enqueue: (job) => this.enqueue([job]),
      kill: (job, why) => this.kill(job, why),
    });
    this.#takeUp();
  }

  /** What the ProxyServer before left. */
  #takeUp(): void {
    const { store } = this.#options;
    store.abandonSplits(this.#nowMs());
    for (const job of store.active()) this.#active.add(job, readWants(storedWants(job), this.#surroundings));
    for (const job of store.waiting()) this.#room.add(job);
    this.#ends.start();
  }

  /** Jobs wait (again). */
  enqueue(jobs: readonly Queued[]): void {
    for (const job of jobs) this.#room.add(job);
    this.look();
  }

  /** Something changed: look soon. */
  look(): void {
    for (const job of this.#room.expire()) this.#ends.ended(job);
    this.#room.lookAtQuotas();
    this.#dispatch.look();
  }

  close(): void {
    this.#isClosed = true;
    this.#room.close();
    this.#dispatch.close();
    this.merger.close();
    this.#ends.close();
  }

  hasJobs(agentId: string): boolean {
    return this.#active.on(agentId).length > 0;
  }

  /** Offers of all agents that serve, for explanations. */
  offers(): AgentOffer[] {
    return this.#offers.list(this.#nowMs());
  }

  /** What an agent brings when it registers or comes back: jobs that it does not have are lost, those that are not its own end. */
  joined(agentId: string, reports: readonly PayloadReport[]): void {
    for (const job of this.#active.on(agentId))
      if (!reports.some(({ jobId, run }) => jobId === job.jobId && run === job.run))
        this.#lose(job, 'its agent came back without it');
    for (const report of reports) this.report(agentId, report);
    this.#options.tokens.resume(this.#active.on(agentId));
  }

  agentLost(agentId: string, because: string): void {
    for (const job of this.#active.on(agentId)) this.#lose(job, because);
  }

  /** Jobs with agents that are not known any more, after a restart. */
  loseStrangers(known: ReadonlySet<string>): void {
    for (const job of this.#active.all())
      if (job.agentId === null || !known.has(job.agentId)) this.#lose(job, 'its agent is not known any more');
  }

  hear(agentId: string, message: Extract<AgentMessage, { type: 'jobState' | 'jobOutput' }>): void {
    if (message.type === 'jobState') {
      this.report(agentId, message.job);
      return;
    }
    const { jobId, run, name, offset, data } = message;
    const job = this.#active.mine(agentId, jobId, run);
    if (job === undefined || offset + data.length > MOST_OUTPUT_BYTES) return;
    this.#writing = this.#writing
      .then(() => this.#options.outputs.write({ jobId, run, name }, offset, data))
      .catch((error: Error) => {
        this.#options.log.error(`output of a job is not kept: ${error.message}`, { jobId });
      });
  }

  report(agentId: string, report: PayloadReport): void {
    const { jobId, run, phase, end, usage, insists, takenOver } = report;
    const { store, onClaim } = this.#options;
    const job = this.#active.mine(agentId, jobId, run);
    if (job === undefined) {
      if (this.#settling.has(`${jobId}.${run}`)) return; // it may forget the job when its end is on disk
      const type = phase === 'ended' ? 'forgetJob' : 'killJob';
      this.#options.send(agentId, { type, jobId, run });
      return;
    }
    if (usage !== undefined) this.#used(job, usage);
    if (takenOver === true) store.note(jobId, 'proc', 'its agent was started again, and took it over', this.#nowMs());
    if (insists === true && this.claims.insist(jobId)) {
      store.note(jobId, 'proc', 'suspended for as long as it may be: it asks for its cores', this.#nowMs());
      onClaim();
    }
    if (phase === 'suspended' || phase === 'running') this.#running(this.#active.get(jobId)!, phase === 'suspended');
    else if (phase === 'started') this.#step(job, 'start', 'its directory is made and its input fetched');
    else if (phase === 'saving') this.#step(job, 'save', 'the payload has ended; its output is being saved');
    else if (end !== undefined) void this.#settle(agentId, job, end);
  }

  /** Files of the end were sent before it; what lies on storage is registered first. Said twice, it is heard once. */
  async #settle(agentId: string, { jobId, run }: Job, end: PayloadEnd): Promise<void> {
    const key = `${jobId}.${run}`;
    if (this.#settling.has(key)) return;
    this.#settling.add(key);
    const { settlement, send, log } = this.#options;
    const mine = (): Job | undefined => (this.#isClosed ? undefined : this.#active.mine(agentId, jobId, run));
    try {
      await this.#writing;
      const job = mine();
      const settled = job === undefined ? undefined : await settlement.settle(job, end, () => mine() !== undefined);
      if (settled !== undefined) await this.#options.outputs.sync(jobId, run);
      const now = mine();
      if (now !== undefined && settled !== undefined) {
        this.#options.outputStore.add(jobId, settled.registered);
        this.#ended(now, settled.end);
      }
      // The agent has the only other copy of what came of it.
      await this.#options.store.durable();
      if (!this.#isClosed) send(agentId, { type: 'forgetJob', jobId, run });
    } catch (error) {
      log.error('the end of a job is not settled', { jobId, stack: (error as Error).stack });
    } finally {
      this.#settling.delete(key);
    }
  }

  /** Ends a job wherever it is. @returns false where it is over already */
  kill(job: Job, why: string): boolean {
    const { store, send } = this.#options;
    const killed = store.move(job.jobId, 'killed', { nowMs: this.#nowMs(), why });
    if (killed === undefined) return false;
    this.#room.queue.delete(job.jobId);
    const active = this.#active.get(job.jobId);
    this.#active.delete(job.jobId);
    this.claims.forget(job.jobId);
    if (active !== undefined && active.agentId !== null && ACTIVE_STATES.includes(active.state)) {
      send(active.agentId, { type: 'killJob', jobId: job.jobId, run: active.run });
      this.#account(active, { cpuSeconds: active.cpuSeconds, wallSeconds: this.#secondsSince(active.startedAt) });
    }
    this.#ends.ended(killed);
    return true;
  }

  #isMine({ agentId, jobId, run }: Job): boolean {
    return !this.#isClosed && agentId !== null && this.#active.mine(agentId, jobId, run) !== undefined;
  }

  #takeBack({ jobId }: Job, why: string): void {
    this.#active.delete(jobId);
    const back = this.#options.store.move(jobId, 'takeBack', { nowMs: this.#nowMs(), why, facts: { agentId: null } });
    if (back !== undefined) this.enqueue([back]);
  }

  #used(job: Job, { cpuSeconds, wallSeconds, memoryBytes }: NonNullable<PayloadReport['usage']>): void {
    const now = { ...job, cpuSeconds, wallSeconds, memoryBytes };
    this.#options.store.update(now);
    this.#active.update(now);
  }

  #running(job: Job, isSuspended: boolean): void {
    const { store } = this.#options;
    const now =
      job.state === 'RUNNING' ? job : this.#step(job, 'run', 'the payload runs', { startedAt: this.#nowMs() });
    if (now === undefined || now.isSuspended === isSuspended) return;
    store.setSuspended(now, isSuspended, this.#nowMs());
    this.#active.update({ ...now, isSuspended });
  }

  #step(job: Job, event: 'start' | 'run' | 'save', why: string, facts: Partial<Job> = {}): Job | undefined {
    const moved = this.#options.store.move(job.jobId, event, { nowMs: this.#nowMs(), why, facts });
    if (moved !== undefined) this.#active.update(moved);
    return moved;
  }

  #ended(job: Job, end: NonNullable<PayloadReport['end']>): void {
    const { exitCode, cpuSeconds, wallSeconds, memoryBytes = job.memoryBytes } = end;
    const cost = job.cost + this.#account(job, end, writtenBy(end));
    const facts = { exitCode, cpuSeconds, wallSeconds, memoryBytes, cost };
    const spent = `${cpuSeconds.toFixed(1)} s of CPU in ${wallSeconds.toFixed(1)} s, suspended for ${end.suspendedSeconds.toFixed(1)} s`;
    this.#options.store.note(job.jobId, 'proc', spent, this.#nowMs());
    const stored = new Map(
      this.#options.outputs.list(job.jobId, job.run).map(({ name, size }): [string, number] => [name, size]),
    );
    const missing = end.files.find(({ name, size }) => size > 0 && stored.get(name) !== size);
    if (end.outcome === 'done' && missing !== undefined)
      this.#finish(job, 'notSaved', `${missing.name} did not arrive whole at the ProxyServer`, facts);
    else this.#finish(job, end.outcome, end.why, facts);
    this.judge.heard(job, end);
  }

  /** A run is over, however it ended. @returns its cost */
  #account(job: Job, { cpuSeconds, wallSeconds }: Spent, written: Partial<Used> = {}): number {
    const perf = this.#options.registry.get(job.agentId ?? '')?.node.perf ?? 100;
    const cpuCost = (cpuSeconds * perf) / 100;
    this.#options.usage.add(job.user, { coreSeconds: wallSeconds * job.cores, cpuCost, ...written }, this.#nowMs());
    return cpuCost;
  }

  #finish(job: Job, event: PayloadEnd['outcome'] | 'notAssigned', why: string, facts: Partial<Job> = {}): void {
    this.#active.delete(job.jobId);
    this.claims.forget(job.jobId);
    const moved = this.#options.store.move(job.jobId, event, { nowMs: this.#nowMs(), why, facts });
    if (moved?.state === 'WAITING') this.enqueue([moved]);
    else if (moved !== undefined) this.#ends.ended(moved);
    this.#options.onUse();
    this.look();
  }

  #lose(job: Job, because: string): void {
    const { store, log } = this.#options;
    const nowMs = this.#nowMs();
    this.#active.delete(job.jobId);
    this.claims.forget(job.jobId);
    const cost = job.cost + this.#account(job, { ...job, wallSeconds: this.#secondsSince(job.startedAt) });
    const losses = job.losses + 1;
    if (store.move(job.jobId, 'lose', { nowMs, why: because, facts: { cost, losses } }) === undefined) return;
    log.warn('a job lost its agent', { jobId: job.jobId, run: job.run, because });
    if (losses >= MOST_LOSSES) {
      const expired = store.move(job.jobId, 'expired', { nowMs, why: `its agents were lost ${losses} times` });
      if (expired !== undefined) this.#ends.ended(expired);
      return;
    }
    const again = store.move(job.jobId, 'recover', { nowMs, why: 'it is given out again', facts: { agentId: null } });
    if (again !== undefined) this.enqueue([again]);
  }

  #secondsSince(at: number | null): number {
    return at === null ? 0 : Math.max(0, this.#nowMs() - at) / 1000;
  }
  #nowMs(): number {
    return this.#options.clock.date().getTime();
  }
}

/** Its outputs, once however many copies there are; archives and not their members. */
function writtenBy({ files, stored }: PayloadEnd): Pick<Used, 'outputFiles' | 'outputBytes'> {
  const written = [
    ...files.filter(({ name }) => !STREAMS.includes(name)),
    ...stored.filter(({ archive }) => archive === null),
  ];
  return { outputFiles: written.length, outputBytes: written.reduce((sum, { size }) => sum + size, 0) };
}
