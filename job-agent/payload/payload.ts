/**
 * One batch payload, from its order to its last word: its own directory and process group, only the environment that is declared here, no
 * shell, limits that end it with a reason, standard output and error kept; nothing of it is left behind.
 *
 * starting -> running <-> suspended -> saving -> ended. Time that it is suspended does not count against its TTL. Its programs run under
 * guards, and each step is written down (where the agent keeps a state directory), so that the next agent can go on from there.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Launcher } from '../../isolation/launcher.js';
import type { AgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder, PayloadEnd, PayloadReport } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { CpuLedger } from '../cpu-ledger.js';
import { type GuardedProgram, type Guarding, signalOf } from '../guard/guarded-program.js';
import { launchProgram } from './launch-program.js';
import { limitReached } from './limits.js';
import { OutputFeed } from './output-feed.js';
import { PayloadAccess, type ServerPlace } from './payload-access.js';
import type { PayloadRecord } from './payload-record.js';
import { type Ending, PayloadState } from './payload-state.js';
import { spareMs } from './run-time.js';
import { saveOutputs } from './save-outputs.js';
import { filesBelow, stageIn } from './stage.js';
import type { TakeOver } from './take-over.js';
import { validationSaid } from './validation-trace.js';

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
  readonly guarding: Guarding;
  /** What an earlier agent had written of it; undefined: it is new. */
  readonly found?: PayloadRecord;
  /** End of the slot, ms since 1970; null: none. */
  readonly slotEnd: number | null;
  readonly tell: (message: AgentMessage) => void;
  /** It runs, or its processes are gone: who uses the cores is to be decided again. */
  readonly onChange: () => void;
}

const WATCH_MS = 1_000;
/** Longer than a timer can be. */
const LONGEST_TIMER_MS = 2 ** 31;
const FIRST_WATCH_MS = 50;
/** Its usage is told every so many looks. */
const USAGE_EVERY = 10;
/** From SIGTERM to SIGKILL: to write what it still has. */
const KILL_GRACE_MS = 3_000;

export class Payload {
  readonly #options: PayloadOptions;
  readonly #state: PayloadState;
  /** The last one that was started. */
  #program: GuardedProgram | undefined;
  #isRunning = false;
  #looks = 0;
  readonly #feed: OutputFeed;
  /** Null: it has no token. */
  readonly #access: PayloadAccess | null;
  #cancelWatch: () => void = () => {};
  #cancelKill: () => void = () => {};
  #cancelPatience: () => void = () => {};
  /** Longer than the slot from the beginning: it runs as long as it can. */
  #takesTheSlot = false;
  /** An earlier agent had begun it, and the ProxyServer does not know yet that this one goes on. */
  #isTakenOver: boolean;

  constructor(options: PayloadOptions) {
    this.#options = options;
    const { order, directory, server, clock, log, found, guarding } = options;
    this.#feed = new OutputFeed(order, this.#work, options.tell);
    this.#access = order.token === undefined ? null : new PayloadAccess(join(directory, 'access'), server, order.token);
    this.#state = new PayloadState({ order, directory, isKept: guarding.patienceS > 0, found, clock, log });
    this.#isTakenOver = found !== undefined;
    this.#takesTheSlot = this.#spareMs() === 0;
    if (!this.isStarted) this.#waitForCores();
  }

  #waitForCores(): void {
    const spareMs = this.#spareMs();
    if (spareMs < LONGEST_TIMER_MS) this.#cancelPatience = this.#options.clock.after(spareMs, () => this.#giveBack());
  }

  get order(): JobOrder {
    return this.#options.order;
  }
  get isStarted(): boolean {
    return this.#state.phase !== 'waiting';
  }
  get isEnded(): boolean {
    return this.#state.end !== null;
  }
  /** May it hold running processes, now or in a moment? */
  get usesCores(): boolean {
    return this.#state.phase === 'waiting' || this.#state.phase === 'started' || this.#isRunning;
  }

  #spareMs(): number {
    const { slotEnd, clock, order } = this.#options;
    if (this.#takesTheSlot) return Number.POSITIVE_INFINITY;
    return spareMs({ slotEnd, nowMs: clock.date().getTime(), toRunS: order.ttlSeconds - this.#state.wallSeconds });
  }

  /** It has waited for its cores until it cannot end before the slot does: elsewhere it may. */
  #giveBack(): void {
    if (this.#state.phase === 'waiting' && this.#state.ending === null)
      void this.#finish({ outcome: 'givenBack', why: 'it cannot end any more before the slot does' }, null);
  }

  /** For `hello`: an end is told with its files, by `tellEnd`. */
  report(): PayloadReport {
    const { jobId, run } = this.order;
    const { phase, insists } = this.#state;
    const told = phase === 'waiting' ? 'started' : phase === 'ended' ? 'saving' : phase;
    return { jobId, run, phase: told, ...said({ insists, takenOver: this.#isTakenOver }) };
  }

  /** The ProxyServer has heard the report. */
  reported(): void {
    this.#isTakenOver = false;
  }

  async start(): Promise<void> {
    if (this.#state.phase !== 'waiting') return;
    this.#cancelPatience();
    this.#state.phase = 'started';
    const { order } = this.#options;
    await this.#orFail(async () => {
      rmSync(this.#work, { recursive: true, force: true, maxRetries: 3 }); // what an earlier agent had fetched
      mkdirSync(this.#work, { recursive: true, mode: 0o700 });
      this.#access?.open();
      const { program, validation } = await stageIn(order, this.#work, this.#options.storage);
      this.#state.validation = validation;
      if (this.#state.ending !== null) {
        await this.#finish(this.#state.ending, null);
        return;
      }
      this.#tellPhase();
      await this.#follow(await this.#launch(program, order.arguments));
    });
  }

  /** With what an earlier agent had begun. @param program the last one that was started, for `follow` */
  async goOn(how: TakeOver, program: GuardedProgram | undefined): Promise<void> {
    const { order, log } = this.#options;
    log.info('payload taken over', { jobId: order.jobId, run: order.run, how });
    const { ending } = this.#state;
    if (how === 'begin') {
      this.#state.phase = 'waiting';
      this.#waitForCores();
    } else if (how === 'save' && ending !== null) await this.#save(ending);
    else if (how === 'follow' && program !== undefined) await this.#orFail(() => this.#follow(program));
  }

  async #orFail(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const why = (error as Error).message.slice(0, 2000);
      await this.#finish(this.#state.ending ?? { outcome: 'badInput', why }, null);
    }
  }

  suspend(): void {
    if (this.#state.phase !== 'running' || this.#state.ending !== null) return;
    this.#program?.family.signal('SIGSTOP');
    this.#state.suspended();
    this.#tellPhase();
    const { maxSuspendedSeconds } = this.order;
    const patienceMs = Math.max(
      0,
      Math.min((maxSuspendedSeconds - this.#state.suspendedSeconds) * 1000, this.#spareMs()),
    );
    if (patienceMs < LONGEST_TIMER_MS)
      this.#cancelPatience = this.#options.clock.after(patienceMs, () => {
        this.#state.insists = true;
        this.#tellPhase();
      });
  }

  continue(): void {
    if (this.#state.phase !== 'suspended') return;
    this.#cancelPatience();
    this.#state.continued();
    this.#program?.family.signal('SIGCONT');
    this.#tellPhase();
  }

  renewToken(token: string): void {
    this.#access?.renew(token);
  }

  yieldCores(): void {
    this.#program?.family.lowerPriority();
  }

  /** Ends it: asked first, killed after a moment. */
  kill(outcome: PayloadEnd['outcome'], why: string): void {
    if (this.#state.ending !== null || this.#state.end !== null) return;
    this.#state.ending = { outcome, why };
    if (this.#state.phase === 'waiting') {
      void this.#finish(this.#state.ending, null);
      return;
    }
    this.#state.keep();
    this.#askToEnd();
  }

  #askToEnd(): void {
    this.continue();
    this.#program?.family.askToEnd();
    this.#cancelKill = this.#options.clock.after(KILL_GRACE_MS, () => this.#program?.family.signal('SIGKILL'));
  }

  /** At the end of the agent: nothing is saved any more. */
  killAtOnce(): void {
    this.#state.ending ??= { outcome: 'killed', why: 'the agent ends' };
    this.#cancelWatch();
    this.#cancelKill();
    this.#cancelPatience();
    this.#program?.dismiss();
    if (this.#isRunning) this.#program?.endAll(); // else that is done, and its ids may be another's
  }

  /** The files that are kept, and how it ended; again whenever a connection is new, until the ProxyServer has heard it. */
  tellEnd(): void {
    const { order, tell } = this.#options;
    const { jobId, run } = order;
    if (this.#state.end === null) return;
    for (const { name, size } of this.#state.end.files) this.#feed.send(name, 0, size);
    tell({ type: 'jobState', job: { jobId, run, phase: 'ended', end: this.#state.end } });
  }

  remove(): void {
    this.#state.forget();
    this.killAtOnce();
    rmSync(this.#options.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  get #work(): string {
    return join(this.#options.directory, 'work');
  }

  async #launch(program: string, args: readonly string[]): Promise<GuardedProgram> {
    const former = this.#program;
    const started = await launchProgram([program, ...args], {
      ...this.#options,
      ...{ state: this.#state, work: this.#work, access: this.#access },
    });
    former?.dismiss();
    return started;
  }

  /** A program that runs, to the end of the payload. */
  async #follow(program: GuardedProgram): Promise<void> {
    const isValidation = this.#state.programs > 1;
    const { status, why } = await this.#toItsEnd(program);
    if (isValidation) await this.#validated(status, why);
    else await this.#payloadEnded(status, why);
  }

  /** @returns its exit status; `why` where it did not exit by itself */
  async #toItsEnd(program: GuardedProgram): Promise<{ status: number | null; why: string | null }> {
    const { order, ledger, log } = this.#options;
    const name = `${order.jobId}.${order.run}${this.#state.programs === 1 ? '' : '.validation'}`;
    this.#program = program;
    this.#isRunning = true;
    this.#looks = 0;
    ledger.started(name, { family: program.family, child: program.child, kind: 'batch' });
    this.#state.runs();
    try {
      this.#tellPhase();
      if (this.#state.ending !== null) this.#askToEnd(); // as it came meanwhile, or as an earlier agent had begun to
      this.#options.onChange(); // a session may have come while its input was fetched
      this.#watch(name);
      const end = await program.ended;
      this.#state.used({ cpuSeconds: ledger.ended(name, end?.cpuSeconds) });
      const signal = end === null ? null : signalOf(end.status);
      return {
        status: end?.status ?? null,
        why: end === null ? 'its guard was killed' : signal && `killed by ${signal}`,
      };
    } finally {
      this.#cancelWatch();
      this.#cancelKill();
      const left = program.endAll(); // what it left behind
      if (left.length > 0) log.error('processes of a payload do not end', { jobId: order.jobId, left });
      this.#isRunning = false;
    }
  }

  async #payloadEnded(status: number | null, why: string | null): Promise<void> {
    const isGood = this.#state.ending === null && status === 0;
    if (isGood && this.#state.validation !== null) {
      await this.#follow(await this.#launch(this.#state.validation, []));
      return;
    }
    const reason = why ?? `its exit status is ${status}`;
    const ending: Ending = isGood
      ? { outcome: 'done', why: 'the payload ended well' }
      : { outcome: 'failed', why: `the payload failed: ${reason}` };
    await this.#finish(this.#state.ending ?? ending, status);
  }

  async #validated(verdict: number | null, how: string | null): Promise<void> {
    const said = validationSaid(this.#work);
    const ending: Ending =
      verdict === 0
        ? { outcome: 'done', why: `the payload ended well${said}` }
        : { outcome: 'invalid', why: `ValidationCommand said no: ${how ?? `exit status ${verdict}`}${said}` };
    await this.#finish(this.#state.ending ?? ending, 0);
  }

  /** Often at first: what a short program used is known by the last look at it. @param name in the ledger */
  #watch(name: string): void {
    const afterMs = Math.min(WATCH_MS, FIRST_WATCH_MS * 2 ** this.#looks);
    this.#cancelWatch = this.#options.clock.after(afterMs, () => {
      this.#feed.show();
      const { cpuSeconds, memoryBytes } = this.#program?.family.usage() ?? { cpuSeconds: 0, memoryBytes: 0 };
      this.#options.ledger.seen(name, cpuSeconds);
      this.#state.used({ cpuSeconds, memoryBytes });
      const diskBytes = filesBelow(this.#work).reduce((sum, { size }) => sum + size, 0);
      const usage = {
        wallSeconds: this.#state.wallSeconds,
        cpuSeconds: this.#state.cpuSeconds,
        memoryBytes,
        diskBytes,
      };
      const limit = limitReached(usage, this.order);
      if (limit !== undefined) this.kill(limit.outcome, limit.why);
      else if (++this.#looks % USAGE_EVERY === 0) this.#tellPhase(usage);
      this.#watch(name);
    });
  }

  async #finish(ending: Ending, exitCode: number | null): Promise<void> {
    if (this.#state.end !== null || this.#state.phase === 'saving') return;
    this.continue();
    const wasStarted = this.#state.phase !== 'waiting';
    this.#cancelPatience();
    this.#isRunning = false;
    this.#state.over(ending, exitCode);
    this.#options.onChange();
    this.#access?.close();
    if (wasStarted) this.#tellPhase();
    await this.#save(ending);
  }

  async #save(ending: Ending): Promise<void> {
    const { order, directory, storage, log } = this.#options;
    const saved = await saveOutputs(ending, order, {
      work: this.#work,
      archives: join(directory, 'archives'),
      storage,
    });
    this.#state.phase = 'ended';
    this.#state.end = {
      ...saved,
      exitCode: this.#state.exitCode,
      cpuSeconds: this.#state.cpuSeconds,
      memoryBytes: this.#state.memoryBytes,
      wallSeconds: this.#state.wallSeconds,
      suspendedSeconds: this.#state.suspendedSeconds,
    };
    this.#state.keep();
    const { outcome, why } = saved;
    log.info('payload ended', { jobId: order.jobId, run: order.run, outcome, why });
    this.tellEnd();
  }

  #tellPhase(usage?: PayloadReport['usage']): void {
    const { jobId, run } = this.order;
    const { phase, insists } = this.#state;
    this.#state.keep();
    if (phase === 'waiting' || phase === 'ended') return;
    const job = { jobId, run, phase, ...said({ insists }), ...(usage === undefined ? {} : { usage }) };
    this.#options.tell({ type: 'jobState', job });
  }
}

/** Facts that are only told where they are so. */
function said<T extends Record<string, boolean>>(facts: T): Partial<Record<keyof T, true>> {
  return Object.fromEntries(Object.entries(facts).filter(([, isSo]) => isSo)) as Partial<Record<keyof T, true>>;
}
