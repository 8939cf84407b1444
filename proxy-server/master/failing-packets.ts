/**
 * What becomes of packets that fail: failure-policy decides, and this class carries its verdicts out in the ledger, the journal and the
 * report of the query. It knows no worker's link.
 */
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import { tooManyFailures } from '../../protocol/query-end.js';
import type { DataSet } from './data-set.js';
import { TooManyFailuresError, WorkerDiedError } from './errors.js';
import { type FailureLog, failureReportOf } from './failure-log.js';
import { verdictOn } from './failure-policy.js';
import type { JournalRecord } from './journal-records.js';
import type { Ledger } from './ledger.js';
import type { LedgerPacket, PacketFailure } from './packet-states.js';
import type { PacketRecorder } from './processing-parts.js';
import type { SettledRange, SettledRanges } from './settled-ranges.js';

export interface FailingParts {
  readonly maxAttempts: number;
  readonly maxFailures: number;
  readonly ledger: Ledger;
  readonly dataSet: DataSet;
  readonly settled: SettledRanges;
  readonly failures: FailureLog;
  readonly packets: PacketRecorder;
  /** Places where the file may be cut. */
  readonly clustersOf: (position: number) => readonly number[];
  /** Nobody can read this file: nothing more of it goes out. */
  readonly dropFile: (position: number) => void;
  readonly journal: (record: JournalRecord) => void;
  /** The query cannot go on. */
  readonly onBroken: (error: ErrorBody & { stack?: string | undefined }) => void;
}

const FILE_ATTEMPTS = 2;

export class FailingPackets {
  readonly #parts: FailingParts;

  constructor(parts: FailingParts) {
    this.#parts = parts;
  }

  /** A worker died over it; noted only while the packet is still to be done. */
  blame(
    packetId: number,
    { worker, printed }: { worker: { workerId: string; name: string }; printed: string },
    why: string,
  ): void {
    const { workerId, name } = worker;
    const error = errorBody(new WorkerDiedError(`Worker ${name} died while it ran this packet: ${why}.`));
    this.note(packetId, name, { worker: workerId, cause: 'killed', entry: null, error, output: printed });
  }
  note(packetId: number, workerName: string, failure: PacketFailure): void {
    const { ledger, dataSet, packets } = this.#parts;
    const file = ledger.packet(packetId)?.file;
    const entry = failure.entry === null || file === undefined ? null : dataSet.placeOf(file, failure.entry);
    ledger.fail(packetId, { ...failure, entry });
    packets.failed(packetId, failure, workerName);
  }

  /** Packets that have failed and are in nobody's hands: again, in parts, or not at all. */
  judgeWaiting(): void {
    const { ledger, maxFailures, failures, onBroken } = this.#parts;
    for (const packet of [...ledger.waiting()]) if (packet.failures.length > 0) this.#judge(packet);
    const { failed } = ledger.counts();
    const first = failed > maxFailures ? failures.first : undefined;
    if (first === undefined) return;
    onBroken({
      ...errorBody(new TooManyFailuresError(tooManyFailures(failed, maxFailures, first))),
      ...(first.stack === null ? {} : { stack: first.stack }),
    });
  }

  /** Nobody can read this file. */
  loseFile(position: number, why: string): void {
    const lost = this.#parts.ledger.loseFile(position);
    if (lost.length > 0) this.#lost(position, lost, why);
    this.#parts.dropFile(position);
  }

  #judge(packet: LedgerPacket): void {
    const { maxAttempts, ledger, clustersOf, onBroken } = this.#parts;
    const verdict = verdictOn(packet, { maxAttempts, fileAttempts: FILE_ATTEMPTS }, clustersOf(packet.file));
    const why = packet.failures.at(-1)?.error.message ?? 'It cannot be read.';
    if (verdict.do === 'split') {
      const parts = ledger.split(packet.id, verdict.at, verdict);
      for (const part of parts) if (part.failures.length > 0) this.#judgeCut(part);
    } else if (verdict.do === 'setAside') this.#setAside(packet);
    else if (verdict.do === 'lose') {
      const { first, end } = ledger.lose(packet.id);
      this.#lost(packet.file, [{ first, end }], why);
    } else if (verdict.do === 'loseFile') this.loseFile(packet.file, why);
    else if (verdict.do === 'failQuery') onBroken(packet.failures.at(-1)!.error);
  }
  /** What was just cut out may have had all of its attempts: for `proof replay` it is a packet as those that were given out. */
  #judgeCut(packet: LedgerPacket): void {
    const { ledger, dataSet, packets } = this.#parts;
    this.#judge(packet);
    const last = packet.failures.at(-1);
    if (last === undefined || ledger.packet(packet.id)?.state === 'waiting') return;
    const { first, end } = dataSet.range(packet.file, packet.first, packet.end);
    packets.out({ ...packet, first, end }, packet.failures.length, last.worker);
    packets.failed(packet.id, { cause: last.cause, entry: first }, last.worker);
  }
  #setAside(packet: LedgerPacket): void {
    const { ledger, dataSet, failures, settled, journal } = this.#parts;
    ledger.setAside(packet.id);
    const entries = dataSet.range(packet.file, packet.first, packet.end);
    const report = failureReportOf(dataSet.nameOf(packet.file), packet, entries);
    const range: SettledRange = { file: packet.file, first: packet.first, end: packet.end, state: 'failed' };
    failures.add({ position: packet.file, report });
    settled.add(range);
    journal({ t: 'failed', range, report });
  }
  #lost(position: number, lost: readonly { first: number; end: number }[], why: string): void {
    const { dataSet, settled, journal } = this.#parts;
    const ranges = lost.map((range): SettledRange => ({ file: position, ...range, state: 'missing' }));
    for (const range of ranges) settled.add(range);
    dataSet.lose(position, why);
    journal({ t: 'missing', ranges, file: { file: dataSet.nameOf(position), error: why }, position });
  }
}
