/**
 * The packets of one query at work: hands them to the workers that ask, takes commits and failures, until every entry is settled.
 *
 * Ledger and Packetizer decide; this class carries their decisions out over the workers' links, and journals what counts before anybody is
 * told. Packets that fail are failing-packets.ts'. A worker's `committed` leaves when the record is on disk.
 */
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import type { WorkerMessage } from '../../protocol/worker-messages.js';
import { type DataSet, NO_REPLICA } from './data-set.js';
import { FailingPackets } from './failing-packets.js';
import { FailureLog } from './failure-log.js';
import type { JournalRecord } from './journal-records.js';
import { Ledger, type LedgerCounts, type LedgerFile } from './ledger.js';
import { type Handout, Packetizer } from './packetizer.js';
import type { Leaving, ProcessingParts, QueryWorker } from './processing-parts.js';
import { type SettledRange, SettledRanges } from './settled-ranges.js';

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
  #failing: FailingPackets | undefined;
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
    const failing = this.#startFailing(dataSet, settled);
    for (const { position } of files) {
      this.#ledger.restore(position, settled.of(position));
      if (dataSet.placesOf(position).length === 0) failing.loseFile(position, NO_REPLICA); // its entries are known, but nothing can read them
    }
    const placed = files.map(({ position }) => ({ position, places: dataSet.placesOf(position) }));
    this.#packetizer = new Packetizer(this.#ledger, placed);
    for (const [position, clusters] of this.#clusters)
      this.#packetizer.setClusters(position, this.#counted(position, clusters));
    for (const { worker } of this.#seats.values()) this.#packetizer.join(worker.workerId, worker);
    this.serveAll();
    this.#checkSettled();
  }

  #startFailing(dataSet: DataSet, settled: SettledRanges): FailingPackets {
    this.#failing = new FailingPackets({
      ...this.#parts,
      ...{ ledger: this.#ledger, dataSet, settled, failures: this.failures },
      clustersOf: (position) => this.#counted(position, this.#clusters.get(position) ?? []),
      dropFile: (position) => this.#packetizer?.dropFile(position),
      journal: (record) => this.#journal(record),
      onBroken: (error) => this.#break(error),
    });
    return this.#failing;
  }

  /** A worker whose program is loaded. */
  join(worker: QueryWorker): void {
    this.#seats.set(worker.workerId, { worker, wants: 0, running: null, runningSince: 0, printed: '', isTold: false });
    this.#packetizer?.join(worker.workerId, worker);
  }
  /** Its packets go to others at once. */
  leave(workerId: string, how: Leaving, why: string): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined) return;
    this.#seats.delete(workerId);
    this.#packetizer?.leave(workerId);
    const { running } = seat;
    const wasRunning = running !== null && this.#isHeld(workerId, running);
    if ((how === 'killed' || how === 'withAgent') && wasRunning) this.#failing?.blame(running, seat, why);
    if (how === 'lost' && wasRunning) this.#lostWith.set(workerId, { packetId: running, seat });
    else this.#lostWith.delete(workerId);
    this.#ledger.giveBackAll(workerId);
    this.#failing?.judgeWaiting();
    this.serveAll();
    this.#checkSettled();
  }

  /** A worker that was lost before turns out to be dead. */
  died(workerId: string, why: string): void {
    const lost = this.#lostWith.get(workerId);
    if (lost === undefined || this.#isOver) return;
    this.#lostWith.delete(workerId);
    this.#failing?.blame(lost.packetId, lost.seat, why);
    this.#failing?.judgeWaiting();
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
    for (const packet of verdict.packets) {
      const end = packet.endedEarly ? this.#dataSet!.range(packet.file, packet.first, packet.end).end : undefined;
      this.#parts.packets.done(packet.id, seat.worker.name, end);
    }
    const { packets: reports } = message;
    this.#journal({ t: 'commit', workerId, ranges, reports, increment }, () =>
      seat.worker.send({ type: 'committed', queryId, commitId }),
    );
    this.#parts.onMerged();
    this.#serve(seat); // near the end it may have been too busy for a copy, and is idle now
    this.#checkSettled();
  }

  packetFailed(workerId: string, message: PacketFailed): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined || this.#isOver) return;
    if (this.#isHeld(workerId, message.packetId)) {
      const { cause, entry, error, output = '' } = message;
      this.#failing?.note(message.packetId, seat.worker.name, { worker: workerId, cause, entry, error, output });
    }
    this.#failing?.judgeWaiting();
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
  #send(worker: QueryWorker, { packet, attempt, alone, mostMs }: Handout): void {
    const dataSet = this.#dataSet!;
    const { id: packetId, file } = packet;
    const range = dataSet.range(file, packet.first, packet.end);
    this.#parts.packets.out({ ...packet, ...range }, attempt, worker.name);
    const suspect = packet.suspect || packet.failures.length > 0;
    const fileEntries = dataSet.fileEntriesOf(file);
    const shape = { packetId, attempt, ...range, alone, suspect, fileEntries, ...(mostMs === null ? {} : { mostMs }) };
    worker.send({
      type: 'packet',
      queryId: this.#parts.queryId,
      packet: { ...shape, file: dataSet.forNode(file, worker.node) },
    });
  }

  /** Cluster boundaries as entries are counted: those with nothing of a list between them fall together. */
  #counted(position: number, clusters: readonly number[]): readonly number[] {
    return [...new Set(clusters.map((entry) => this.#dataSet?.placeOf(position, entry) ?? entry))];
  }
  #isHeld(workerId: string, packetId: number): boolean {
    return this.#ledger.packet(packetId)?.hands.some(({ worker }) => worker === workerId) ?? false;
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
