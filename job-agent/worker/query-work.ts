/**
 * One query on this worker: runs the packets that come, keeps one ahead of need, and commits what they gave.
 *
 * Output of whole packets collects until `commitMs` have passed, the queue is empty, or a packet is to be committed alone; then it leaves as one
 * increment with the packets that it covers. A packet that fails leaves no trace in it (analysis/program-runner.ts).
 */

import { UserCodeError } from '../../analysis/errors.js';
import type { LoadedProgram } from '../../analysis/load-program.js';
import { type OpenTable, ProgramRunner, type Packet as RunnerPacket } from '../../analysis/program-runner.js';
import type { Clock } from '../../protocol/clock.js';
import { errorBody } from '../../protocol/errors.js';
import type {
  Packet,
  PacketReport,
  QueryFile,
  ToWorkerMessage,
  WorkerMessage,
} from '../../protocol/worker-messages.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { WorkerLimitError } from './errors.js';
import type { KeptTables } from './kept-tables.js';
import { checkEntries, factsOf, openTable } from './open-table.js';
import { failureOf } from './packet-failure.js';

type Prepare = Extract<ToWorkerMessage, { type: 'prepare' }>;

export interface WorkParts {
  readonly clock: Clock;
  readonly send: (message: WorkerMessage) => void;
  readonly storage: StorageOptions;
  readonly kept: KeptTables;
  /** What was sent has left this process. */
  readonly flushed: () => Promise<void>;
}

/** Rows of ntuples make increments long: they leave well before a frame is full. */
const COMMIT_BYTES = 8_000_000;
/** Commits on their way to the master's disk: a worker that is faster than that disk waits, and its memory stays bounded. */
const MOST_UNCONFIRMED_BYTES = 32_000_000;
/** One that runs and one that waits. */
const AHEAD = 2;

export class QueryWork {
  readonly queryId: string;
  readonly #commitMs: number;
  readonly #parts: WorkParts;
  readonly #loaded: LoadedProgram;
  readonly #runner: ProgramRunner;
  readonly #files = new Map<number, QueryFile>();
  readonly #known = new Set<number>();
  readonly #fileEntries = new Map<number, number | null>();
  #queue: Packet[] = [];
  #running: Packet | undefined;
  #abort = new AbortController();
  #collected: PacketReport[] = [];
  #collectingSince = 0;
  #lastCommit = 0;
  /** Commit -> its bytes. */
  readonly #unconfirmed = new Map<number, number>();
  #whenConfirmed: () => void = () => {};
  /** A file is opened ahead of its packet: the error remembers for which step it was. */
  readonly #openErrors = new WeakSet<object>();
  #crash: unknown;
  #loop: Promise<void> | undefined;
  #isOver = false;
  #isLeaving = false;

  /** @throws {UserCodeError} where the selector's constructor throws */
  constructor(prepare: Prepare, loaded: LoadedProgram, parts: WorkParts) {
    this.queryId = prepare.queryId;
    this.#commitMs = prepare.commitMs;
    this.#parts = parts;
    this.#loaded = loaded;
    const { params, inputs, seed } = prepare;
    this.#runner = new ProgramRunner(loaded, { params, inputs, seed, openTable: (packet) => this.#open(packet) });
  }

  begin(): void {
    this.#parts.send({ type: 'want', queryId: this.queryId, n: AHEAD, running: null });
  }

  packet(packet: Packet): void {
    if (this.#isOver || this.#isLeaving) return;
    this.#queue.push(packet);
    this.#files.set(packet.file.position, packet.file);
    this.#fileEntries.set(packet.file.position, packet.fileEntries);
    if (this.#running !== undefined && this.#queue.length === 1) this.#runner.prepare(forRunner(packet));
    this.#loop ??= this.#run();
  }
  /** They are in other hands; those begun or done cannot be forgotten any more. */
  drop(packetIds: readonly number[]): void {
    const before = this.#queue.length;
    this.#queue = this.#queue.filter(({ packetId }) => !packetIds.includes(packetId));
    const n = before - this.#queue.length;
    if (n > 0 && !this.#isLeaving) this.#parts.send({ type: 'want', queryId: this.queryId, n, running: null });
  }
  /** The master has it on disk, or has refused it. */
  confirmed(commitId: number): void {
    this.#unconfirmed.delete(commitId);
    this.#whenConfirmed();
  }
  noMore(): void {
    if (this.#queue.length === 0 && this.#running === undefined) this.#commit();
  }

  /** Every entry is settled: what is not committed is not wanted. */
  async finish(): Promise<void> {
    await this.#halt();
    this.#runner.takeIncrement();
    try {
      const increment = await this.#runner.finish();
      this.#parts.send({ type: 'finished', queryId: this.queryId, ...(increment === undefined ? {} : { increment }) });
    } catch (error) {
      const stack = error instanceof UserCodeError ? { stack: error.userStack } : {};
      this.#parts.send({ type: 'finished', queryId: this.queryId, error: { ...errorBody(error), ...stack } });
    }
  }
  /** Drops packets, program and uncommitted output. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#halt();
    await this.#runner.close();
  }
  /** Finishes the packet in hand and commits. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#queue = [];
    await this.#loop;
    this.#commit();
  }

  /** User code failed behind our back (a promise that nobody awaited): the running packet pays for it. @returns false: none is running */
  crash(error: unknown): boolean {
    if (this.#running === undefined) return false;
    this.#crash = error;
    this.#abort.abort();
    return true;
  }
  /** The packet that runs is too much for this process. */
  exceed(message: string): void {
    if (this.#running === undefined) return;
    const { packetId, attempt } = this.#running;
    this.#parts.send({
      ...{ type: 'packetFailed', queryId: this.queryId, packetId, attempt, cause: 'limit', entry: null },
      error: errorBody(new WorkerLimitError(message)),
    });
  }

  async #halt(): Promise<void> {
    this.#queue = [];
    this.#abort.abort();
    this.#unconfirmed.clear();
    this.#whenConfirmed();
    await this.#loop;
    this.#collected = [];
  }

  async #run(): Promise<void> {
    for (let packet = this.#queue.shift(); packet !== undefined; packet = this.#queue.shift()) {
      if (packet.alone) this.#commit();
      await this.#runPacket(packet);
      const isDue = this.#parts.clock.now() - this.#collectingSince >= this.#commitMs;
      const isLong = this.#runner.pendingBytes > COMMIT_BYTES;
      if (packet.alone || isDue || isLong || this.#queue.length === 0) this.#commit();
      await this.#roomForMore();
    }
    this.#loop = undefined;
  }
  async #roomForMore(): Promise<void> {
    const nbytes = (): number => [...this.#unconfirmed.values()].reduce((sum, n) => sum + n, 0);
    while (nbytes() > MOST_UNCONFIRMED_BYTES)
      await new Promise<void>((resolve) => {
        this.#whenConfirmed = resolve;
      });
  }
  async #runPacket(packet: Packet): Promise<void> {
    const { packetId, attempt } = packet;
    this.#running = packet;
    this.#abort = new AbortController();
    const n = this.#isLeaving ? 0 : 1;
    this.#parts.send({ type: 'want', queryId: this.queryId, n, running: packetId });
    if (packet.suspect === true) await this.#parts.flushed();
    const next = this.#queue[0];
    if (next !== undefined) this.#runner.prepare(forRunner(next));
    const started = this.#parts.clock.now();
    try {
      const { entries, bytes, cpuMs, wallMs } = await this.#runner.run(forRunner(packet), this.#abort.signal);
      if (this.#collected.length === 0) this.#collectingSince = started;
      this.#collected.push({ packetId, attempt, entries, bytes, wallMs, cpuMs });
    } catch (error) {
      this.#failed(packet, error);
    } finally {
      this.#running = undefined;
    }
  }
  #failed({ packetId, attempt }: Packet, error: unknown): void {
    const isCrash = this.#crash !== undefined;
    if (this.#abort.signal.aborted && !isCrash) return;
    const isOpening = error instanceof Error && this.#openErrors.has(error);
    const failure = isCrash ? failureOf(this.#asUserError(this.#crash), false) : failureOf(error, isOpening);
    this.#crash = undefined;
    this.#parts.send({ type: 'packetFailed', queryId: this.queryId, packetId, attempt, ...failure });
  }
  #asUserError(cause: unknown): UserCodeError {
    const { stack, program } = this.#loaded;
    const message = `${program.name} in a promise that nobody awaits: ${stack.describe(cause)}`;
    return new UserCodeError(message, null, stack.translate(cause), { cause });
  }

  #commit(): void {
    if (this.#collected.length === 0) return;
    const packets = this.#collected;
    this.#collected = [];
    const commitId = ++this.#lastCommit;
    const increment = this.#runner.takeIncrement();
    this.#unconfirmed.set(commitId, increment.length);
    this.#parts.send({ type: 'commit', queryId: this.queryId, commitId, packets, increment });
  }

  async #open({ filePosition }: RunnerPacket): Promise<OpenTable> {
    const file = this.#files.get(filePosition)!;
    try {
      const opened = this.#parts.kept.take(file) ?? (await openTable(file, this.#parts.storage));
      await checkEntries(file, opened, this.#fileEntries.get(filePosition) ?? null);
      if (!this.#known.has(filePosition))
        this.#parts.send({ type: 'fileOpened', queryId: this.queryId, position: filePosition, facts: factsOf(opened) });
      this.#known.add(filePosition);
      return opened;
    } catch (error) {
      if (error instanceof Error) this.#openErrors.add(error);
      throw error;
    }
  }
}

const forRunner = ({ file, first, end, only, mostMs }: Packet): RunnerPacket => ({
  filePosition: file.position,
  file: file.name,
  first,
  end,
  only,
  mostMs,
});
