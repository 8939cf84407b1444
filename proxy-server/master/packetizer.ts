/**
 * Packetizer of one query: which entries the worker that asks gets next.
 *
 * Packets are sized by time: a few short ones to learn a worker's rate, then about `longestMs`, and a fixed share of what is left per worker
 * towards the end, so that all finish together; their ends are moved to cluster boundaries where one is near. Packets that came back go first.
 * When nothing is left to cut, an idle worker gets a copy of a packet that it will finish sooner than the one that has it (tail.ts).
 * Pure: time comes as an argument. History: PROOF's adaptive packetizer (reference in docs/queries.md).
 */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { FileQueue, type PlacedFile } from './file-queue.js';
import type { Assigned, Ledger } from './ledger.js';
import type { LedgerPacket } from './packet-states.js';
import { Tail } from './tail.js';
import { WorkerRates } from './worker-rates.js';

export interface PacketizerOptions {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** A packet is at most the `share`-th part of what is left for its worker. */
  readonly share: number;
  /** Entries of the first packet of the first worker, at most. */
  readonly firstEntries: number;
  /** So many times the longest packet of the same worker, at most. */
  readonly growth: number;
}
export const PACKETIZER_DEFAULTS: PacketizerOptions = {
  shortestMs: 40,
  longestMs: 1_000,
  share: 4,
  firstEntries: 32,
  growth: 16,
};

export interface Handout extends Assigned {
  /** To be committed in a commit of its own: a copy of it may be in another's hands now or soon. */
  readonly alone: boolean;
}

export class Packetizer {
  readonly #ledger: Ledger;
  readonly #files: FileQueue;
  readonly #rates = new WorkerRates();
  readonly #tail: Tail;
  readonly #options: PacketizerOptions;
  readonly #clusters = new Map<number, readonly number[]>();

  constructor(ledger: Ledger, files: readonly PlacedFile[], options: Partial<PacketizerOptions> = {}) {
    this.#ledger = ledger;
    this.#options = { ...PACKETIZER_DEFAULTS, ...options };
    const toCut = files.filter(({ position }) => !isEmpty(ledger.uncut(position)));
    this.#files = new FileQueue(toCut);
    this.#tail = new Tail(ledger, this.#rates);
  }

  /** May be called at any time, also for a worker that comes back. */
  join(worker: string, node: NodeFacts): void {
    this.#rates.join(worker);
    this.#files.join(worker, node);
  }
  /** What it had in hand is the caller's to give back. */
  leave(worker: string): void {
    this.#rates.leave(worker);
    this.#files.leave(worker);
    this.#tail.leave(worker);
  }
  /** Ascending cluster boundaries of a file, 0 … entries. */
  setClusters(position: number, clusters: readonly number[]): void {
    this.#clusters.set(position, clusters);
  }
  /** Its ledger row was given up as missing. */
  dropFile(position: number): void {
    this.#files.finish(position);
  }
  /** The worker has begun to run this packet. */
  started(worker: string, packetId: number, now: number): void {
    this.#tail.started(worker, packetId, now);
  }
  finished(worker: string, entries: number, wallMs: number): void {
    this.#rates.learn(worker, entries, wallMs);
  }
  /** Milliseconds until all is done, as far as can be told. */
  leftMs(entriesLeft: number): number | null {
    const rate = this.#rates.total();
    return rate === undefined || rate === 0 ? null : entriesLeft / rate;
  }

  /** The next packet for this worker, in its hands from now on; undefined: nothing for it at present. */
  next(worker: string, now: number): Handout | undefined {
    const wanted = this.#wanted(worker);
    const handout = this.#returned(worker, wanted) ?? this.#fresh(worker, wanted) ?? this.#copy(worker, now);
    if (handout !== undefined) this.#tail.handed(worker, handout.packet.id, now);
    return handout;
  }

  /** Length of this worker's next packet in entries, before it meets a cluster boundary. */
  #wanted(worker: string): { entries: number; alone: boolean } {
    const { shortestMs, longestMs, share, firstEntries, growth } = this.#options;
    const left = this.#ledger.unassigned;
    const rate = this.#rates.of(worker);
    const total = this.#rates.total();
    if (rate === undefined || total === undefined) {
      const entries = Math.floor(left / (32 * Math.max(1, this.#rates.size)));
      return { entries: Math.max(1, Math.min(firstEntries, entries)), alone: false };
    }
    const leftMs = left / total;
    const ms = Math.min(longestMs, Math.max(shortestMs, leftMs / share));
    const longest = this.#rates.longestOf(worker);
    // A worker that is new gets a short packet by the others' rate.
    const entries = longest === 0 ? rate * Math.min(ms, 2 * shortestMs) : Math.min(rate * ms, longest * growth);
    return { entries: Math.max(1, Math.floor(entries)), alone: leftMs < longestMs };
  }

  #returned(worker: string, wanted: { entries: number; alone: boolean }): Handout | undefined {
    for (const packet of this.#ledger.waiting()) {
      if (!this.#mayTry(worker, packet)) continue;
      const hasFailed = packet.failures.length > 0;
      if (!hasFailed && packet.end - packet.first > 2 * wanted.entries) {
        const end = this.#end(packet, wanted.entries);
        if (end < packet.end) {
          const [head] = this.#ledger.split(packet.id, [end], { suspect: packet.suspect });
          return { ...this.#ledger.assign(head!.id, worker), alone: wanted.alone };
        }
      }
      return { ...this.#ledger.assign(packet.id, worker), alone: wanted.alone || hasFailed || packet.suspect };
    }
    return undefined;
  }
  /** A packet that failed is tried elsewhere, as long as there is an elsewhere. */
  #mayTry(worker: string, packet: LedgerPacket): boolean {
    const failedOn = (name: string): boolean => packet.failures.some((failure) => failure.worker === name);
    return !failedOn(worker) || [...this.#rates.workers()].every(failedOn);
  }

  #fresh(worker: string, wanted: { entries: number; alone: boolean }): Handout | undefined {
    for (;;) {
      const position = this.#files.pick(worker);
      if (position === undefined) return undefined;
      const { first, end } = this.#ledger.uncut(position);
      if (first === end) {
        this.#files.finish(position);
        continue;
      }
      const cutAt = this.#end({ file: position, first, end }, wanted.entries);
      const assigned = this.#ledger.cut(position, cutAt, worker);
      if (cutAt === end) this.#files.finish(position);
      return { ...assigned, alone: wanted.alone };
    }
  }

  #copy(worker: string, now: number): Handout | undefined {
    const id = this.#tail.copyFor(worker, now);
    return id === undefined ? undefined : { ...this.#ledger.assign(id, worker), alone: true };
  }

  /** Where a packet of about `entries` from `first` on ends best. */
  #end({ file, first, end }: { file: number; first: number; end: number }, entries: number): number {
    if (end - first < 1.5 * entries) return end;
    const wanted = first + entries;
    const near = nearestBoundary(this.#clusters.get(file) ?? [], wanted);
    return near !== undefined && near > first + entries / 2 && near < Math.min(end, first + 2 * entries)
      ? near
      : wanted;
  }
}

const isEmpty = ({ first, end }: { first: number; end: number }): boolean => first === end;

function nearestBoundary(sorted: readonly number[], wanted: number): number | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  const above = sorted[low];
  const below = sorted[low - 1];
  if (above === undefined || below === undefined) return above ?? below;
  return above - wanted < wanted - below ? above : below;
}
