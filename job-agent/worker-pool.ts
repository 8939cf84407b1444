/**
 * The agent's worker processes: one a core, started before anybody asks, replaced when they end.
 *
 * Each is the leader of its own process group, so that it and whatever user code started can be ended together, and each ends
 * by itself when its IPC channel closes, so that an agent that is killed leaves nothing behind. Each has a scratch directory of its own, its
 * HOME and TMPDIR, which goes with it; how it is confined is the launcher's affair (isolation/).
 * A process that ends before it was ever warm is started again after a pause that doubles; the fifth in a row makes the node unfit.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Launcher } from '../isolation/launcher.js';
import {
  type FromWorkerProcess,
  fromWorkerProcess,
  type NodeFacts,
  type ToWorkerProcess,
  type WorkerPhase,
  type WorkerReport,
} from '../protocol/agent-messages.js';
import { checked } from '../protocol/check.js';
import type { Clock } from '../protocol/clock.js';
import { errorBody } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import { innermostProcess } from '../protocol/process-id.js';
import type { CpuLedger } from './cpu-ledger.js';
import { ProcessFamily } from './process-family.js';
import type { WorkerLimits } from './worker-limits.js';
import { watchWorkers } from './worker-watch.js';

export interface WorkerPoolOptions {
  /** Path of the worker's main.js. */
  readonly program: string;
  readonly n: number;
  readonly env: NodeJS.ProcessEnv;
  /** Scratch directories of the workers are made in it. */
  readonly directory: string;
  readonly launcher: Launcher;
  /** Of one worker in a session; none: unlimited. */
  readonly limits?: WorkerLimits;
  /** Files that a worker sees in any case. */
  readonly shown?: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every process: its CPU time is accounted. */
  readonly ledger: CpuLedger;
  readonly onChange: (report: WorkerReport) => void;
  /** A process that was in a session is really gone: its core is free. */
  readonly onFreed: () => void;
  /** Workers cannot be started here: the sentence says what the last one did. */
  readonly onHopeless: (why: string) => void;
  /** The link of this worker to its session broke. */
  readonly onTicketWanted: (workerId: string) => void;
}

interface Worker {
  readonly workerId: string;
  readonly child: ChildProcess;
  /** Of the worker itself, inside of what confines it. */
  pid: number | null;
  readonly scratch: string;
  readonly family: ProcessFamily;
  phase: WorkerPhase;
  sessionId: string | null;
  wasWarm: boolean;
  wantsTicket: boolean;
  /** Why it is being ended, where we do it. */
  ending: string | null;
  cancelKill: () => void;
  /** The last that it wrote to standard error, for the reason of its end. */
  lastWords: string;
}

const HOPELESS_AFTER = 5;
/** From "stop" to SIGKILL: nothing of value is left in a worker that was let go. */
const STOP_GRACE_MS = 1_000;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<string, Worker>();
  readonly #prefix = randomBytes(4).toString('hex');
  #started = 0;
  #failedStarts = 0;
  #closing = false;
  #draining = false;
  #stopWatch: () => void = () => {};
  #cancelRestart: () => void = () => {};
  #whenEmpty: () => void = () => {};

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    if (options.limits !== undefined)
      this.#stopWatch = watchWorkers({
        clock: options.clock,
        limits: options.limits,
        workers: () => [...this.#workers.values()].filter((w) => w.sessionId !== null && w.ending === null),
        onPassed: (workerId, why) => this.#limitPassed(workerId, why),
      });
  }

  /** Then nothing gets away from its namespace. */
  get #isConfined(): boolean {
    return this.#options.launcher.facts.by === 'bubblewrap';
  }

  /** Starts what is missing to `n` processes. */
  fill(): void {
    if (this.#closing || this.#draining) return;
    const live = [...this.#workers.values()].filter((worker) => worker.ending === null).length;
    for (let i = live; i < this.#options.n; i++) this.#start();
  }

  reports(): WorkerReport[] {
    return [...this.#workers.values()].filter((worker) => worker.ending === null).map((worker) => report(worker));
  }

  /** Cores that sessions use: also those of workers that were told to end and have not yet. */
  get sessionCores(): number {
    return [...this.#workers.values()].filter(({ sessionId }) => sessionId !== null).length;
  }

  /**
   * Hands a ticket to a warm worker; `makeRoom` before it hears of it, when its core is taken already.
   * @returns false where it is not there, or not free
   */
  attach(
    order: { workerId: string; sessionId: string; ticket: string },
    where: { url: string; node: NodeFacts },
    makeRoom: () => void,
  ): boolean {
    const worker = this.#workers.get(order.workerId);
    if (worker === undefined || worker.phase !== 'warm' || worker.ending !== null) return false;
    worker.sessionId = order.sessionId;
    makeRoom();
    this.#options.ledger.attached(order.workerId, order.sessionId);
    const cacheDir = join(worker.scratch, '.programs');
    this.#tell(worker, { type: 'attach', ...order, ...where, cacheDir, pid: worker.pid ?? worker.child.pid ?? 0 });
    return true;
  }

  /** Those whose wish was not answered yet. */
  wantTickets(): string[] {
    return [...this.#workers.values()].filter((w) => w.wantsTicket && w.ending === null).map((w) => w.workerId);
  }
  ticket(workerId: string, ticket: string): void {
    const worker = this.#workers.get(workerId);
    if (worker === undefined || !worker.wantsTicket) return;
    worker.wantsTicket = false;
    this.#tell(worker, { type: 'ticket', ticket });
  }

  /** Ends one process; a fresh one takes its place at once. */
  release(workerId: string, why: string): void {
    const worker = this.#workers.get(workerId);
    if (worker === undefined || worker.ending !== null) return;
    this.#end(worker, why);
    this.fill();
  }

  /** Fresh ones in place of those that have no session. */
  renew(why: string): void {
    for (const worker of this.#workers.values()) if (worker.sessionId === null) this.#end(worker, why);
    this.fill();
  }

  /** No fresh ones from now on; those without a session end. @returns when the last session let go */
  drain(why: string): Promise<void> {
    this.#draining = true;
    for (const worker of this.#workers.values()) if (worker.sessionId === null) this.#end(worker, why);
    return this.#empty();
  }

  /** Ends all. @returns when no process is left */
  close(why: string): Promise<void> {
    this.#closing = true;
    this.#stopWatch();
    this.#cancelRestart();
    for (const worker of this.#workers.values()) this.#end(worker, why);
    return this.#empty();
  }

  #empty(): Promise<void> {
    if (this.#workers.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#whenEmpty;
      this.#whenEmpty = () => {
        before();
        resolve();
      };
    });
  }

  #start(): void {
    const { program, env, directory, launcher, log, ledger, shown = [] } = this.#options;
    const workerId = `w${this.#prefix}.${this.#started++}`;
    const scratch = join(directory, workerId);
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    const [execPath, ...execArgv] = launcher.words([process.execPath], { scratch, shown: [program, ...shown] });
    const child = fork(program, [], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...env, HOME: scratch, TMPDIR: scratch },
      cwd: scratch,
      execPath: execPath!,
      execArgv,
    });
    const worker: Worker = {
      workerId,
      child,
      pid: child.pid ?? null,
      scratch,
      family: new ProcessFamily({ leader: child.pid ?? 0, mark: null }),
      phase: 'starting',
      sessionId: null,
      wasWarm: false,
      wantsTicket: false,
      ending: null,
      cancelKill: () => {},
      lastWords: '',
    };
    this.#workers.set(workerId, worker);
    if (child.pid !== undefined)
      ledger.started(workerId, { family: worker.family, child: child.pid, kind: 'interactive' });
    const overhear = (data: Buffer): void => {
      worker.lastWords = (worker.lastWords + data.toString('utf8')).slice(-2000);
      log.debug(data.toString('utf8').trimEnd().slice(0, 2000), { workerId });
    };
    child.stdout?.on('data', overhear);
    child.stderr?.on('data', overhear);
    child.on('message', (message) => this.#hear(worker, message));
    child.once('error', (error) => this.#gone(worker, error.message));
    child.once('exit', (code, signal) => this.#gone(worker, `its process ended (${signal ?? exitWords(code)})`));
    this.#report(worker);
  }

  #hear(worker: Worker, raw: unknown): void {
    let message: FromWorkerProcess;
    try {
      message = checked(fromWorkerProcess, raw);
    } catch (error) {
      this.#end(worker, errorBody(error).message); // user code got at the channel: this process is not to be trusted
      this.fill();
      return;
    }
    if (message.type === 'warm') {
      worker.phase = 'warm';
      worker.pid = innermostProcess(worker.child.pid);
      worker.wasWarm = true;
      this.#failedStarts = 0;
      this.#report(worker);
    } else if (message.type === 'attached') {
      worker.phase = 'attached';
      worker.sessionId = message.sessionId;
      this.#report(worker);
    } else if (message.type === 'ticketWanted') {
      worker.wantsTicket = true;
      this.#options.onTicketWanted(worker.workerId);
    } else {
      this.#end(worker, message.why);
      this.fill();
    }
  }

  /** It is not asked: it may not hear. What it had in hand goes to others. */
  #limitPassed(workerId: string, why: string): void {
    const worker = this.#workers.get(workerId);
    if (worker === undefined) return;
    this.#options.log.warn('a worker passed its limits', { workerId, why });
    this.#end(worker, why);
    killGroup(worker.child);
    this.fill();
  }

  #end(worker: Worker, why: string): void {
    if (worker.ending !== null) return;
    worker.ending = why;
    this.#options.ledger.seen(worker.workerId, worker.family.usage().cpuSeconds);
    this.#options.onChange({ ...report(worker), phase: 'gone', why });
    this.#tell(worker, { type: 'stop' });
    worker.cancelKill = this.#options.clock.after(STOP_GRACE_MS, () => killGroup(worker.child));
  }

  #gone(worker: Worker, why: string): void {
    if (!this.#workers.delete(worker.workerId)) return;
    worker.cancelKill();
    this.#options.ledger.ended(worker.workerId);
    if (worker.child.pid !== undefined) worker.family.endAll(this.#isConfined ? null : worker.scratch); // what user code may have left
    rmSync(worker.scratch, { recursive: true, force: true, maxRetries: 3 });
    if (worker.ending === null) {
      const lastWords = worker.lastWords.trim().split('\n').at(-1) ?? '';
      const reason = lastWords === '' ? why : `${why}: ${lastWords}`.slice(0, 900);
      this.#options.log.warn('a worker process ended', { workerId: worker.workerId, why: reason });
      this.#options.onChange({ ...report(worker), phase: 'gone', why: reason });
      if (worker.wasWarm) this.fill();
      else this.#retry(reason);
    }
    if (worker.sessionId !== null) this.#options.onFreed();
    if (this.#workers.size === 0) this.#whenEmpty();
  }

  #retry(why: string): void {
    this.#failedStarts++;
    if (this.#failedStarts === HOPELESS_AFTER) {
      this.#options.onHopeless(`Worker processes do not start here: ${why}.`);
      return;
    }
    this.#cancelRestart();
    this.#cancelRestart = this.#options.clock.after(100 * 2 ** this.#failedStarts, () => this.fill());
  }

  #tell(worker: Worker, message: ToWorkerProcess): void {
    if (worker.child.connected) worker.child.send(message, () => {}); // a channel that just closed: 'exit' tells the rest
  }

  #report(worker: Worker): void {
    this.#options.onChange(report(worker));
  }
}

const report = (worker: Worker): WorkerReport => ({
  workerId: worker.workerId,
  phase: worker.phase,
  pid: worker.pid,
  sessionId: worker.sessionId,
});

/** What confines a worker ends as a shell would: 128 + the signal that ended it. */
function exitWords(code: number | null): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
  return signal ?? `exit status ${code}`;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: nothing is left, as wished
  }
}
