/**
 * One batch payload, from its order to its last word: its own directory and process group, only the environment that is declared here, no
 * shell, limits that end it with a reason, standard output and error kept; nothing of it is left behind.
 *
 * starting -> running <-> suspended -> saving -> ended. Time that it is suspended does not count against its TTL.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Launcher } from '../../isolation/launcher.js';
import type { AgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder, PayloadEnd, PayloadReport } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { CpuLedger } from '../cpu-ledger.js';
import { ProcessFamily } from '../process-family.js';
import { limitReached } from './limits.js';
import { OutputFeed } from './output-feed.js';
import { PayloadAccess, type ServerPlace } from './payload-access.js';
import { payloadEnvironment } from './payload-environment.js';
import { saveOutputs } from './save-outputs.js';
import { filesBelow, stageIn } from './stage.js';

export interface PayloadOptions {
  readonly order: JobOrder;
  /** Made by this payload, removed by `remove`. */
  readonly directory: string;
  /** PROOF_SLOT of the agent: by it a site finds what is left of a slot. */
  readonly slot: string;
  readonly server: ServerPlace;
  readonly clock: Clock;
  readonly log: Logger;
  /** Credentials for storage: they stay with the agent. */
  readonly storage: StorageOptions;
  readonly ledger: CpuLedger;
  /** How its processes are confined. */
  readonly launcher: Launcher;
  /** End of the slot, ms since 1970; null: none. */
  readonly slotEnd: number | null;
  readonly tell: (message: AgentMessage) => void;
  /** It runs, or its processes are gone: who uses the cores is to be decided again. */
  readonly onChange: () => void;
}

type Phase = PayloadReport['phase'] | 'waiting';
type Ending = Pick<PayloadEnd, 'outcome' | 'why'>;

const WATCH_MS = 1_000;
/** At the end of a slot, for saving and tidying up: what the matchmaker keeps back as well (agent-ad.ts). */
const RESERVE_MS = 60_000;
/** Longer than a timer can be. */
const LONGEST_TIMER_MS = 2 ** 31;
const FIRST_WATCH_MS = 50;
/** Its usage is told every so many looks. */
const USAGE_EVERY = 10;
/** From SIGTERM to SIGKILL: to write what it still has. */
const KILL_GRACE_MS = 3_000;
export class Payload {
  readonly #options: PayloadOptions;
  #phase: Phase = 'waiting';
  #child: ChildProcess | undefined;
  #processes: ProcessFamily | undefined;
  #ending: Ending | undefined;
  #end: PayloadEnd | undefined;
  #cpuSeconds = 0;
  /** Of programs of this payload that have ended. */
  #cpuBefore = 0;
  #mostMemoryBytes = 0;
  /** Started so far: itself, then its validation. */
  #programs = 0;
  #looks = 0;
  #startedAt = 0;
  #suspendedAt = 0;
  #suspendedMs = 0;
  readonly #feed: OutputFeed;
  /** Null: it has no token. */
  readonly #access: PayloadAccess | null;
  #cancelWatch: () => void = () => {};
  #cancelKill: () => void = () => {};
  #cancelPatience: () => void = () => {};
  /** Longer than the slot from the beginning: it runs as long as it can. */
  #takesTheSlot = false;
  /** It was suspended for as long as it may be. */
  #insists = false;

  constructor(options: PayloadOptions) {
    this.#options = options;
    this.#feed = new OutputFeed(options.order, this.#work, options.tell);
    const { order, directory, server } = options;
    this.#access = order.token === undefined ? null : new PayloadAccess(join(directory, 'access'), server, order.token);
    this.#takesTheSlot = this.#spareMs() === 0;
    const spareMs = this.#spareMs();
    if (spareMs < LONGEST_TIMER_MS) this.#cancelPatience = options.clock.after(spareMs, () => this.#giveBack());
  }

  get order(): JobOrder {
    return this.#options.order;
  }
  get isStarted(): boolean {
    return this.#phase !== 'waiting';
  }
  get isEnded(): boolean {
    return this.#end !== undefined;
  }
  /** May it hold running processes, now or in a moment? */
  get usesCores(): boolean {
    return this.#phase === 'waiting' || this.#phase === 'started' || this.#child !== undefined;
  }

  /** Time that it may still lose to others and yet end before its slot does; infinite without an end. */
  #spareMs(): number {
    const { slotEnd, clock, order } = this.#options;
    if (slotEnd === null || this.#takesTheSlot) return Number.POSITIVE_INFINITY;
    const leftMs = slotEnd - clock.date().getTime() - RESERVE_MS;
    return Math.max(0, leftMs - (order.ttlSeconds - this.#wallSeconds()) * 1000);
  }

  /** It has waited for its cores until it cannot end before the slot does: elsewhere it may. */
  #giveBack(): void {
    if (this.#phase === 'waiting' && this.#ending === undefined)
      void this.#finish({ outcome: 'givenBack', why: 'it cannot end any more before the slot does' }, null);
  }

  /** For `hello`: an end is told with its files, by `tellEnd`. */
  report(): PayloadReport {
    const { jobId, run } = this.order;
    const phase = this.#phase === 'waiting' ? 'started' : this.#phase === 'ended' ? 'saving' : this.#phase;
    return { jobId, run, phase, ...(this.#insists ? { insists: true } : {}) };
  }

  async start(): Promise<void> {
    if (this.#phase !== 'waiting') return;
    this.#cancelPatience();
    this.#phase = 'started';
    const { directory, order } = this.#options;
    try {
      mkdirSync(join(directory, 'work'), { recursive: true, mode: 0o700 });
      this.#access?.open();
      const { program, validation } = await stageIn(order, this.#work, this.#options.storage);
      if (this.#ending !== undefined) {
        await this.#finish(this.#ending, null);
        return;
      }
      this.#tellPhase();
      const { status, why } = await this.#run(program, order.arguments);
      await this.#payloadEnded(status, why, validation);
    } catch (error) {
      await this.#finish(this.#ending ?? { outcome: 'badInput', why: (error as Error).message.slice(0, 2000) }, null);
    }
  }

  suspend(): void {
    if (this.#phase !== 'running' || this.#ending !== undefined) return;
    this.#processes?.signal('SIGSTOP');
    this.#suspendedAt = this.#options.clock.now();
    this.#phase = 'suspended';
    this.#tellPhase();
    const { maxSuspendedSeconds } = this.order;
    const patienceMs = Math.max(0, Math.min(maxSuspendedSeconds * 1000 - this.#suspendedMs, this.#spareMs()));
    if (patienceMs < LONGEST_TIMER_MS)
      this.#cancelPatience = this.#options.clock.after(patienceMs, () => {
        this.#insists = true;
        this.#tellPhase();
      });
  }

  continue(): void {
    if (this.#phase !== 'suspended') return;
    this.#cancelPatience();
    this.#suspendedMs += this.#options.clock.now() - this.#suspendedAt;
    this.#phase = 'running';
    this.#processes?.signal('SIGCONT');
    this.#tellPhase();
  }

  renewToken(token: string): void {
    this.#access?.renew(token);
  }

  yieldCores(): void {
    this.#processes?.lowerPriority();
  }

  /** Ends it: asked first, killed after a moment. */
  kill(outcome: PayloadEnd['outcome'], why: string): void {
    if (this.#ending !== undefined || this.#end !== undefined) return;
    this.#ending = { outcome, why };
    if (this.#phase === 'waiting') {
      void this.#finish(this.#ending, null);
      return;
    }
    this.continue();
    this.#processes?.askToEnd();
    this.#cancelKill = this.#options.clock.after(KILL_GRACE_MS, () => this.#processes?.signal('SIGKILL'));
  }

  /** At the end of the agent: nothing is saved any more. */
  killAtOnce(): void {
    this.#ending ??= { outcome: 'killed', why: 'the agent ends' };
    this.#cancelWatch();
    this.#cancelKill();
    this.#cancelPatience();
    this.#endAll();
  }

  /** Of what cannot get away from its namespace, the directory need not be searched for. @returns pids that do not go */
  #endAll(): number[] {
    const { launcher, directory } = this.#options;
    return this.#processes?.endAll(launcher.facts.by === 'bubblewrap' ? null : directory) ?? [];
  }

  /** The files that are kept, and how it ended; again whenever a connection is new, until the ProxyServer has heard it. */
  tellEnd(): void {
    const { order, tell } = this.#options;
    const { jobId, run } = order;
    if (this.#end === undefined) return;
    for (const { name, size } of this.#end.files) this.#feed.send(name, 0, size);
    tell({ type: 'jobState', job: { jobId, run, phase: 'ended', end: this.#end } });
  }

  remove(): void {
    this.killAtOnce();
    rmSync(this.#options.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  get #work(): string {
    return join(this.#options.directory, 'work');
  }

  /** One program of the payload to its end. @returns its exit status; `why` where it did not exit by itself */
  async #run(program: string, args: readonly string[]): Promise<{ status: number | null; why: string | null }> {
    const { order, slot, clock, ledger, launcher } = this.#options;
    const out = openSync(join(this.#work, 'stdout'), 'a', 0o600);
    const err = openSync(join(this.#work, 'stderr'), 'a', 0o600);
    // Another ProxyServer may have a job of the same number on this node.
    const mark = `PROOF_PAYLOAD=${randomBytes(12).toString('hex')}`;
    try {
      const [file, ...words] = launcher.words([program, ...args], {
        scratch: this.#work,
        ...(this.#access === null ? {} : { shown: [this.#access.directory] }),
      });
      const child = spawn(file!, words, {
        cwd: this.#work,
        detached: true,
        shell: false,
        stdio: ['ignore', out, err],
        env: payloadEnvironment(order, { slot, work: this.#work, mark, config: this.#access?.config }),
      });
      this.#child = child;
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) => reject(new Error(`${program} cannot be started: ${cause.message}`, { cause })));
      });
      const family = new ProcessFamily({ leader: child.pid!, mark });
      const before = this.#cpuSeconds;
      const name = `${order.jobId}.${order.run}${this.#programs++ === 0 ? '' : '.validation'}`;
      this.#looks = 0;
      const gone = new Promise<{ status: number | null; why: string | null }>((resolve) => {
        child.once('exit', (status, signal) => {
          this.#cpuSeconds = Math.max(this.#cpuSeconds, before + ledger.ended(name));
          resolve({ status, why: signal === null ? null : `killed by ${signal}` });
        });
      });
      ledger.started(name, { family, leader: child.pid!, kind: 'batch' });
      this.#processes = family;
      this.#cpuBefore = before;
      if (this.#startedAt === 0) this.#startedAt = clock.now();
      this.#phase = 'running';
      this.#tellPhase();
      this.#options.onChange(); // a session may have come while its input was fetched
      this.#watch(name);
      return await gone;
    } finally {
      this.#cancelWatch();
      this.#cancelKill();
      const left = this.#endAll(); // what it left behind
      if (left.length > 0) this.#options.log.error('processes of a payload do not end', { jobId: order.jobId, left });
      this.#processes = undefined;
      this.#child = undefined;
      closeSync(out);
      closeSync(err);
    }
  }

  async #payloadEnded(status: number | null, why: string | null, validation: string | null): Promise<void> {
    const isGood = this.#ending === undefined && status === 0;
    if (!isGood) {
      const reason = why ?? `its exit status is ${status}`;
      await this.#finish(this.#ending ?? { outcome: 'failed', why: `the payload failed: ${reason}` }, status);
      return;
    }
    if (validation !== null) {
      const { status: verdict, why: how } = await this.#run(validation, []);
      if (verdict !== 0) {
        const reason = how ?? `exit status ${verdict}`;
        return await this.#finish(
          this.#ending ?? { outcome: 'invalid', why: `ValidationCommand said no: ${reason}` },
          status,
        );
      }
    }
    await this.#finish({ outcome: 'done', why: 'the payload ended well' }, status);
  }

  /** Often at first: what a short program used is known by the last look at it. @param name in the ledger */
  #watch(name: string): void {
    const afterMs = Math.min(WATCH_MS, FIRST_WATCH_MS * 2 ** this.#looks);
    this.#cancelWatch = this.#options.clock.after(afterMs, () => {
      this.#feed.show();
      const { cpuSeconds, memoryBytes } = this.#processes?.usage() ?? { cpuSeconds: 0, memoryBytes: 0 };
      this.#options.ledger.seen(name, cpuSeconds);
      this.#cpuSeconds = Math.max(this.#cpuSeconds, this.#cpuBefore + cpuSeconds);
      this.#mostMemoryBytes = Math.max(this.#mostMemoryBytes, memoryBytes);
      const diskBytes = filesBelow(this.#work).reduce((sum, { size }) => sum + size, 0);
      const usage = { wallSeconds: this.#wallSeconds(), cpuSeconds: this.#cpuSeconds, memoryBytes, diskBytes };
      const limit = limitReached(usage, this.order);
      if (limit !== undefined) this.kill(limit.outcome, limit.why);
      else if (++this.#looks % USAGE_EVERY === 0) this.#tellPhase(usage);
      this.#watch(name);
    });
  }

  #wallSeconds(): number {
    if (this.#startedAt === 0) return 0;
    const now = this.#phase === 'suspended' ? this.#suspendedAt : this.#options.clock.now();
    return (now - this.#startedAt - this.#suspendedMs) / 1000;
  }

  async #finish(ending: Ending, exitCode: number | null): Promise<void> {
    if (this.#end !== undefined || this.#phase === 'saving') return;
    const { order, directory, storage, onChange, log } = this.#options;
    this.continue();
    const wallSeconds = this.#wallSeconds();
    const wasStarted = this.#phase !== 'waiting';
    this.#cancelPatience();
    this.#phase = 'saving';
    this.#child = undefined;
    onChange();
    this.#access?.close();
    if (wasStarted) this.#tellPhase();
    const saved = await saveOutputs(ending, order, {
      work: this.#work,
      archives: join(directory, 'archives'),
      storage,
    });
    this.#phase = 'ended';
    this.#end = {
      ...saved,
      exitCode,
      cpuSeconds: this.#cpuSeconds,
      memoryBytes: this.#mostMemoryBytes,
      wallSeconds,
      suspendedSeconds: this.#suspendedMs / 1000,
    };
    const { outcome, why } = saved;
    log.info('payload ended', { jobId: order.jobId, run: order.run, outcome, why });
    this.tellEnd();
  }

  #tellPhase(usage?: PayloadReport['usage']): void {
    const { jobId, run } = this.order;
    if (this.#phase !== 'waiting' && this.#phase !== 'ended')
      this.#options.tell({
        type: 'jobState',
        job: {
          jobId,
          run,
          phase: this.#phase,
          ...(usage === undefined ? {} : { usage }),
          ...(this.#insists ? { insists: true } : {}),
        },
      });
  }
}
