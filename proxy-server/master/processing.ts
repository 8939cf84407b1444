/**
 * The packets of one query at work: hands them to the workers that ask, takes commits and failures, until every entry is settled.
 *
 * Ledger, Packetizer and failure-policy decide; this class carries their decisions out over the workers' links, and journals what counts
 * before anybody is told. A worker's `committed` leaves when the record is on disk.
 */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import type { ToWorkerMessage, WorkerMessage } from '../../protocol/worker-messages.js';
import { type DataSet, NO_REPLICA } from './data-set.js';
import { TooManyFailuresError, WorkerDiedError } from './errors.js';
import { FailureLog, failureReportOf } from './failure-log.js';
import { verdictOn } from './failure-policy.js';
import type { JournalRecord } from './journal-records.js';
import { Ledger, type LedgerCounts, type LedgerFile } from './ledger.js';
import type { LedgerPacket, PacketFailure } from './packet-states.js';
import { type Handout, Packetizer } from './packetizer.js';
import type { QueryFigures } from './query-figures.js';
import { type SettledRange, SettledRanges } from './settled-ranges.js';

/** The worker of a session as its query sees it. */
export interface QueryWorker {
  readonly workerId: string;
  readonly name: string;
  readonly node: NodeFacts;
  send(message: ToWorkerMessage): void;
}

/** Adds increments in any order; analysis/ has the real one. States are packed as in analysis/merged-state.ts. */
export interface Merger {
  /** @returns the same for the journal: rows are beside it, and named by their place there */
  add(increment: Uint8Array): Uint8Array;
  /** The whole state in the journal's form. */
  checkpoint(): Uint8Array;
  /** For live feedback: without rows. */
  live(): Uint8Array;
}

/** Both settle when the record is on disk. */
export interface QueryJournal {
  append(record: JournalRecord): Promise<void>;
  /** The record stands for all before it. */
  replace(record: JournalRecord): Promise<void>;
  /** Since the last `replace`. */
  readonly bytes: number;
}

/** packet-log.ts has the real one. */
export interface PacketRecorder {
  readonly lastId: number;
  out(packet: LedgerPacket, attempt: number, worker: string): void;
  done(id: number, worker: string): void;
  failed(id: number, failure: Pick<PacketFailure, 'cause' | 'entry'>, worker: string): void;
}

/** How a worker went: `killed` counts against the packet that it was running. */
export type Leaving = 'left' | 'lost' | 'killed';

export interface ProcessingParts {
  readonly queryId: string;
  readonly maxAttempts: number;
  readonly maxFailures: number;
  readonly packetLimitMs: number;
  readonly clock: Clock;
  readonly merger: Merger;
  readonly journal: QueryJournal;
  readonly figures: QueryFigures;
  readonly packets: PacketRecorder;
  readonly onMerged: () => void;
  /** Every entry is committed, failed or missing, or (after `halt`) nothing is in anybody's hands. */
  readonly onSettled: () => void;
  /** This worker runs one packet for longer than is allowed: it is to be ended. */
  readonly onStuck: (workerId: string, why: string) => void;
  /** It cannot go on. */
  readonly onBroken: (error: ErrorBody & { stack?: string | undefined }) => void;
}

interface Seat {
  readonly worker: QueryWorker;
  /** Packets that it has asked for and not got. */
  wants: number;
  running: number | null;
  runningSince: number;
  /** The last that it printed. */
  printed: string;
  /** It knows that there is nothing for it at present. */
  isTold: boolean;
}
type Commit = Extract<WorkerMessage, { type: 'commit' }>;
type PacketFailed = Extract<WorkerMessage, { type: 'packetFailed' }>;

const FILE_ATTEMPTS = 2;
/** Of a worker's output, in the report of a failure. */
const TAIL_CHARS = 2_000;

export class Processing {
  readonly #parts: ProcessingParts;
  readonly #seats = new Map<string, Seat>();
  readonly failures = new FailureLog();
  #dataSet: DataSet | undefined;
  #settled = new SettledRanges();
  #ledger = new Ledger([]);
  #packetizer: Packetizer | undefined;
  readonly #clusters = new Map<number, readonly number[]>();
  /** What workers whose links broke were running. */
  readonly #lostWith = new Map<string, { packetId: number; seat: Seat }>();
  #isHalted = false;
  #isOver = false;

  constructor(parts: ProcessingParts) {
    this.#parts = parts;
  }

  /** What is settled so far, for a checkpoint. */
  settled(): SettledRange[] {
    return this.#settled.all();
  }
  counts(): LedgerCounts {
    return this.#ledger.counts();
  }
  get workers(): number {
    return this.#seats.size;
  }
  /** Entries in this worker's hands. */
  busyWith(workerId: string): number {
    return [...this.#ledger.inHandsOf(workerId)].reduce((sum, { first, end }) => sum + end - first, 0);
  }
  leftMs(): number | null {
    const { total, done, failed, missing } = this.#ledger.counts();
    return this.#packetizer?.leftMs(total - done - failed - missing) ?? null;
  }

  /** The data set's window is known: packets go out from now on. */
  begin(dataSet: DataSet, files: readonly LedgerFile[], settled: SettledRanges): void {
    this.#dataSet = dataSet;
    this.#settled = settled;
    this.#ledger = new Ledger(files, this.#parts.packets.lastId);
    for (const { position } of files) {
      this.#ledger.restore(position, settled.of(position));
      if (dataSet.placesOf(position).length > 0) continue;
      const lost = this.#ledger.loseFile(position); // its entries are known, but nothing can read them
      if (lost.length > 0) this.#lost(position, lost, NO_REPLICA);
    }
    const placed = files.map(({ position }) => ({ position, places: dataSet.placesOf(position) }));
    this.#packetizer = new Packetizer(this.#ledger, placed);
    for (const [position, clusters] of this.#clusters)
      this.#packetizer.setClusters(position, this.#counted(position, clusters));
    for (const { worker } of this.#seats.values()) this.#packetizer.join(worker.workerId, worker.node);
    this.serveAll();
    this.#checkSettled();
  }

  /** A worker whose program is loaded. */
  join(worker: QueryWorker): void {
    this.#seats.set(worker.workerId, { worker, wants: 0, running: null, runningSince: 0, printed: '', isTold: false });
    this.#packetizer?.join(worker.workerId, worker.node);
  }
  /** Its packets go to others at once. */
  leave(workerId: string, how: Leaving, why: string): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined) return;
    this.#seats.delete(workerId);
    this.#packetizer?.leave(workerId);
    const { running } = seat;
    const wasRunning = running !== null && this.#isHeld(workerId, running);
    if (how === 'killed' && wasRunning) this.#blame(running, seat, why);
    if (how === 'lost' && wasRunning) this.#lostWith.set(workerId, { packetId: running, seat });
    else this.#lostWith.delete(workerId);
    this.#ledger.giveBackAll(workerId);
    this.#judgeWaiting();
    this.serveAll();
    this.#checkSettled();
  }

  /** A worker that was lost before turns out to be dead. */
  died(workerId: string, why: string): void {
    const lost = this.#lostWith.get(workerId);
    if (lost === undefined || this.#isOver) return;
    this.#lostWith.delete(workerId);
    this.#blame(lost.packetId, lost.seat, why);
    this.#judgeWaiting();
    this.serveAll();
    this.#checkSettled();
  }

  setClusters(position: number, clusters: readonly number[]): void {
    this.#clusters.set(position, clusters);
    this.#packetizer?.setClusters(position, this.#counted(position, clusters));
  }

  want(workerId: string, n: number, running: number | null): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined) return;
    seat.wants += n;
    if (running !== null) {
      seat.running = running;
      seat.runningSince = this.#parts.clock.now();
      this.#packetizer?.started(workerId, running, this.#parts.clock.now());
    }
    this.#serve(seat);
  }

  printed(workerId: string, text: string): void {
    const seat = this.#seats.get(workerId);
    if (seat !== undefined) seat.printed = (seat.printed + text).slice(-TAIL_CHARS);
  }

  commit(workerId: string, message: Commit): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined || this.#isOver) return;
    const { queryId, commitId } = message;
    const verdict = this.#ledger.commit(workerId, message.packets);
    if (!verdict.accepted) {
      seat.worker.send({ type: 'refusedCommit', queryId, commitId, why: verdict.why });
      this.serveAll();
      this.#checkSettled();
      return;
    }
    const now = this.#parts.clock.now();
    let increment: Uint8Array;
    try {
      increment = this.#parts.merger.add(message.increment);
    } catch (error) {
      this.#break(errorBody(error));
      return;
    }
    this.#parts.figures.committed(workerId, message.packets, now);
    this.#parts.figures.mergeMs += this.#parts.clock.now() - now;
    for (const { entries, wallMs } of message.packets) this.#packetizer?.finished(workerId, entries, wallMs);
    for (const { worker, packetId } of verdict.others)
      this.#seats.get(worker)?.worker.send({ type: 'drop', queryId, packetIds: [packetId] });
    const ranges = verdict.packets.map(({ file, first, end }): SettledRange => ({ file, first, end, state: 'done' }));
    for (const range of ranges) this.#settled.add(range);
    for (const { id } of verdict.packets) this.#parts.packets.done(id, seat.worker.name);
    const { packets: reports } = message;
    this.#journal({ t: 'commit', workerId, ranges, reports, increment }, () =>
      seat.worker.send({ type: 'committed', queryId, commitId }),
    );
    this.#parts.onMerged();
    this.#checkSettled();
  }

  packetFailed(workerId: string, message: PacketFailed): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined || this.#isOver) return;
    if (this.#isHeld(workerId, message.packetId)) {
      const { cause, entry, error, output = '' } = message;
      this.#fail(message.packetId, seat, { worker: workerId, cause, entry, error, output });
    }
    this.#judgeWaiting();
    this.serveAll();
    this.#checkSettled();
  }

  /** Nothing new goes out; what runs may still commit. */
  halt(): void {
    this.#isHalted = true;
    for (const { worker, running } of this.#seats.values()) {
      const queued = [...this.#ledger.inHandsOf(worker.workerId)].map(({ id }) => id).filter((id) => id !== running);
      worker.send({ type: 'drop', queryId: this.#parts.queryId, packetIds: queued });
      worker.send({ type: 'noMore', queryId: this.#parts.queryId });
    }
    this.#checkSettled();
  }
  /** What workerTerminate filled. */
  mergeLast(workerId: string, increment: Uint8Array): void {
    try {
      this.#journal({ t: 'last', workerId, increment: this.#parts.merger.add(increment) });
    } catch (error) {
      this.#parts.onBroken(errorBody(error));
    }
  }
  /** Nothing counts any more. */
  end(): void {
    this.#isOver = true;
  }

  /** Looks for work for everybody who waits for some: also from time to time, because packets become overdue. */
  serveAll(): void {
    for (const seat of this.#seats.values()) this.#serve(seat);
  }

  /** Ends workers that are lost in one packet; to be called from time to time. */
  endStuck(): void {
    const { clock, packetLimitMs, onStuck } = this.#parts;
    for (const { worker, running, runningSince } of [...this.#seats.values()])
      if (running !== null && clock.now() - runningSince > packetLimitMs && this.#isHeld(worker.workerId, running))
        onStuck(worker.workerId, `one packet ran for more than ${Math.round(packetLimitMs / 1000)} s (packetLimitS)`);
  }

  #serve(seat: Seat): void {
    if (this.#packetizer === undefined || this.#isHalted || this.#isOver) return;
    const { workerId, node } = seat.worker;
    const { clock } = this.#parts;
    while (seat.wants > 0) {
      const slotLeftMs = (node.wallTimeEnd ?? Number.POSITIVE_INFINITY) - clock.date().getTime();
      const handout = this.#packetizer.next(workerId, clock.now(), slotLeftMs);
      if (handout === undefined) {
        if (!seat.isTold) seat.worker.send({ type: 'noMore', queryId: this.#parts.queryId });
        seat.isTold = true;
        return;
      }
      seat.wants--;
      seat.isTold = false;
      this.#send(seat.worker, handout);
    }
  }
  #send(worker: QueryWorker, { packet, attempt, alone }: Handout): void {
    const dataSet = this.#dataSet!;
    const { id: packetId, file } = packet;
    const range = dataSet.range(file, packet.first, packet.end);
    this.#parts.packets.out({ ...packet, ...range }, attempt, worker.name);
    const shape = { packetId, attempt, ...range, alone, fileEntries: dataSet.fileEntriesOf(file) };
    worker.send({
      type: 'packet',
      queryId: this.#parts.queryId,
      packet: { ...shape, file: dataSet.forNode(file, worker.node) },
    });
  }

  /** It is noted only while the packet is still to be done. */
  #blame(packetId: number, seat: Seat, why: string): void {
    const { workerId, name } = seat.worker;
    const error = errorBody(new WorkerDiedError(`Worker ${name} died while it ran this packet: ${why}.`));
    this.#fail(packetId, seat, { worker: workerId, cause: 'killed', entry: null, error, output: seat.printed });
  }
  /** Cluster boundaries as entries are counted: those with nothing of a list between them fall together. */
  #counted(position: number, clusters: readonly number[]): readonly number[] {
    return [...new Set(clusters.map((entry) => this.#dataSet?.placeOf(position, entry) ?? entry))];
  }
  #fail(packetId: number, { worker }: Seat, failure: PacketFailure): void {
    const file = this.#ledger.packet(packetId)?.file;
    const entry = failure.entry === null || file === undefined ? null : this.#dataSet!.placeOf(file, failure.entry);
    this.#ledger.fail(packetId, { ...failure, entry });
    this.#parts.packets.failed(packetId, failure, worker.name);
  }
  #isHeld(workerId: string, packetId: number): boolean {
    return this.#ledger.packet(packetId)?.hands.some(({ worker }) => worker === workerId) ?? false;
  }
  /** Packets that have failed and are in nobody's hands: again, in parts, or not at all. */
  #judgeWaiting(): void {
    for (const packet of [...this.#ledger.waiting()]) if (packet.failures.length > 0) this.#judge(packet);
    const { failed } = this.#ledger.counts();
    const first = failed > this.#parts.maxFailures ? this.failures.first : undefined;
    if (first !== undefined)
      this.#break({
        ...errorBody(
          new TooManyFailuresError(
            `${failed} entries failed, more than the ${this.#parts.maxFailures} that this query allows (--max-failures). ` +
              `The first: ${first.file}, entry ${first.entry}: ${first.error}`,
          ),
        ),
        ...(first.stack === null ? {} : { stack: first.stack }),
      });
  }
  #judge(packet: LedgerPacket): void {
    const { maxAttempts } = this.#parts;
    const policy = { maxAttempts, fileAttempts: FILE_ATTEMPTS };
    const clusters = this.#counted(packet.file, this.#clusters.get(packet.file) ?? []);
    const verdict = verdictOn(packet, policy, clusters);
    const why = packet.failures.at(-1)?.error.message ?? 'It cannot be read.';
    if (verdict.do === 'split') {
      const parts = this.#ledger.split(packet.id, verdict.at, verdict);
      for (const part of parts) if (part.failures.length > 0) this.#judge(part);
    } else if (verdict.do === 'setAside') this.#setAside(packet);
    else if (verdict.do === 'lose') {
      const { first, end } = this.#ledger.lose(packet.id);
      this.#lost(packet.file, [{ first, end }], why);
    } else if (verdict.do === 'loseFile') {
      this.#lost(packet.file, this.#ledger.loseFile(packet.file), why);
      this.#packetizer?.dropFile(packet.file);
    } else if (verdict.do === 'failQuery') this.#break(packet.failures.at(-1)!.error);
  }
  #setAside(packet: LedgerPacket): void {
    this.#ledger.setAside(packet.id);
    const entries = this.#dataSet!.range(packet.file, packet.first, packet.end);
    const report = failureReportOf(this.#dataSet!.nameOf(packet.file), packet, entries);
    const range: SettledRange = { file: packet.file, first: packet.first, end: packet.end, state: 'failed' };
    this.failures.add({ position: packet.file, report });
    this.#settled.add(range);
    this.#journal({ t: 'failed', range, report });
  }
  #lost(position: number, lost: readonly { first: number; end: number }[], why: string): void {
    const ranges = lost.map((range): SettledRange => ({ file: position, ...range, state: 'missing' }));
    for (const range of ranges) this.#settled.add(range);
    this.#dataSet!.lose(position, why);
    this.#journal({ t: 'missing', ranges, file: { file: this.#dataSet!.nameOf(position), error: why }, position });
  }

  #journal(record: JournalRecord, then: () => void = () => {}): void {
    this.#parts.journal.append(record).then(then, (error) => this.#break(errorBody(error)));
  }
  #break(error: ErrorBody & { stack?: string | undefined }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.onBroken(error);
  }
  #checkSettled(): void {
    if (this.#packetizer === undefined || this.#isOver) return;
    const isIdle = [...this.#seats.keys()].every((workerId) => [...this.#ledger.inHandsOf(workerId)].length === 0);
    if (!this.#ledger.isSettled && !(this.#isHalted && isIdle)) return;
    this.#isOver = true;
    this.#parts.onSettled();
  }
}
