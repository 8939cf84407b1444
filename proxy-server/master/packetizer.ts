/**
 * Packetizer of one query: which entries the worker that asks gets next.
 *
 * Packets are sized by time: a few to learn a worker's rate, which end when their time is up, then about `longestMs`, and a fixed share
 * of what is left per worker towards the end, so that all finish together; their ends are moved to cluster boundaries where one is near.
 * Packets that came back go first. A worker whose slot ends soon gets only what it will finish before, or nothing.
 * When nothing is left to cut, a worker gets a copy of a packet that it will finish sooner than the one that has it (tail.ts).
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
  /** A packet is at most the `share`-th part of what is left for its worker; then it may be shorter, down to so much for each worker there is. */
  readonly share: number;
  readonly lastMs: number;
  readonly lastMsAWorker: number;
  /** Entries of a first packet, at most: of a worker that ends it after `shortestMs`, and of one of an older release that cannot. */
  readonly firstEntries: number;
  readonly firstBlindly: number;
  /** So many times the longest packet of the same worker, at most. */
  readonly growth: number;
}
export const PACKETIZER_DEFAULTS: PacketizerOptions = {
  shortestMs: 40,
  longestMs: 1_000,
  share: 3,
  lastMs: 15,
  lastMsAWorker: 0.5,
  firstEntries: 32_768,
  firstBlindly: 32,
  growth: 128,
};

export interface Handout extends Assigned {
  /** To be committed in a commit of its own: a copy of it may be in another's hands now or soon. */
  readonly alone: boolean;
  /** It may end early after so long; null: it is to be done whole. */
  readonly mostMs: number | null;
}

interface Wanted {
  readonly entries: number;
  readonly mostMs: number | null;
  readonly alone: boolean;
  /** More do not fit before the end of the worker's slot. */
  readonly most: number;
}

export class Packetizer {
  readonly #ledger: Ledger;
  readonly #files: FileQueue;
  readonly #rates = new WorkerRates();
  readonly #tail: Tail;
  readonly #options: PacketizerOptions;
  readonly #clusters = new Map<number, readonly number[]>();
  readonly #endEarly = new Set<string>();

  constructor(ledger: Ledger, files: readonly PlacedFile[], options: Partial<PacketizerOptions> = {}) {
    this.#ledger = ledger;
    this.#options = { ...PACKETIZER_DEFAULTS, ...options };
    const toCut = files.filter(({ position }) => !isEmpty(ledger.uncut(position)));
    this.#files = new FileQueue(toCut);
    this.#tail = new Tail(ledger, this.#rates);
  }

  /** May be called at any time, also for a worker that comes back. */
  join(worker: string, { node, endsEarly }: { readonly node: NodeFacts; readonly endsEarly: boolean }): void {
    if (endsEarly) this.#endEarly.add(worker);
    this.#rates.join(worker);
    this.#files.join(worker, node);
  }
  /** What it had in hand is the caller's to give back. */
  leave(worker: string): void {
    this.#endEarly.delete(worker);
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

  /**
   * The next packet for this worker, in its hands from now on; undefined: nothing for it at present.
   * @param slotLeftMs until its batch slot ends
   */
  next(worker: string, now: number, slotLeftMs = Number.POSITIVE_INFINITY): Handout | undefined {
    const most = this.#fitting(worker, slotLeftMs);
    if (most === 0) return undefined;
    const wanted = this.#wanted(worker, most);
    const handout = this.#returned(worker, wanted) ?? this.#fresh(worker, wanted) ?? this.#copy(worker, now, most);
    if (handout !== undefined) this.#tail.handed(worker, handout.packet.id, now);
    return handout;
  }

  /** So many entries it will do before its slot ends, behind what it has in hand; 0: not even a short packet. */
  #fitting(worker: string, slotLeftMs: number): number {
    const { shortestMs } = this.#options;
    const leftMs = slotLeftMs - SLOT_RESERVE_MS;
    if (leftMs === Number.POSITIVE_INFINITY) return leftMs;
    const rate = this.#rates.of(worker);
    if (rate === undefined) return leftMs < shortestMs ? 0 : Number.POSITIVE_INFINITY; // the first packets are short
    let most = leftMs * rate;
    for (const { first, end } of this.#ledger.inHandsOf(worker)) most -= end - first;
    return most < Math.max(1, shortestMs * rate) ? 0 : Math.floor(most);
  }

  /** Length of this worker's next packet in entries, before it meets a cluster boundary, where it may become twice as long. */
  #wanted(worker: string, most: number): Wanted {
    const { shortestMs, longestMs, share, lastMs, lastMsAWorker, firstEntries, firstBlindly, growth } = this.#options;
    const endsEarly = this.#endEarly.has(worker);
    const left = this.#ledger.unassigned;
    const rate = this.#rates.of(worker);
    const total = this.#rates.total();
    if (rate === undefined || total === undefined) {
      const entries = Math.floor(left / (32 * Math.max(1, this.#rates.size)));
      const atMost = endsEarly ? firstEntries : firstBlindly;
      return {
        entries: Math.max(1, Math.min(atMost, entries)),
        mostMs: endsEarly ? shortestMs : null,
        alone: false,
        most,
      };
    }
    const leftMs = left / total;
    const shortest = Math.min(shortestMs, Math.max(lastMs, lastMsAWorker * this.#rates.size)); // many workers with short packets are too much for a master
    const ms = Math.min(longestMs, Math.max(shortest, leftMs / share));
    const longest = this.#rates.longestOf(worker);
    const alone = leftMs < longestMs;
    // A worker that is new gets a short packet by the others' rate, which need not be its own.
    const entries = longest === 0 ? rate * Math.min(ms, 2 * shortestMs) : Math.min(rate * ms, longest * growth);
    const mostMs = longest === 0 && endsEarly && !alone ? 2 * shortestMs : null;
    return { entries: Math.max(1, Math.floor(Math.min(entries, most / 2))), mostMs, alone, most };
  }

  #returned(worker: string, wanted: Wanted): Handout | undefined {
    for (const packet of this.#ledger.waiting()) {
      if (!this.#mayTry(worker, packet)) continue;
      const hasFailed = packet.failures.length > 0;
      if (!hasFailed && packet.end - packet.first > 2 * wanted.entries) {
        const end = this.#end(packet, wanted.entries);
        if (end < packet.end) {
          const [head] = this.#ledger.split(packet.id, [end], { suspect: packet.suspect });
          return this.#again(head!, worker, wanted);
        }
      }
      if (packet.end - packet.first > wanted.most) continue;
      return this.#again(packet, worker, wanted);
    }
    return undefined;
  }
  /** What has failed is done whole and alone: its end tells about all of it. */
  #again({ id, failures, suspect }: LedgerPacket, worker: string, wanted: Wanted): Handout {
    const isDoubtful = failures.length > 0 || suspect;
    const mostMs = isDoubtful ? null : wanted.mostMs;
    return { ...this.#ledger.assign(id, worker, mostMs !== null), alone: wanted.alone || isDoubtful, mostMs };
  }
  /** A packet that failed is tried elsewhere, as long as there is an elsewhere. */
  #mayTry(worker: string, packet: LedgerPacket): boolean {
    const failedOn = (name: string): boolean => packet.failures.some((failure) => failure.worker === name);
    return !failedOn(worker) || [...this.#rates.workers()].every(failedOn);
  }

  #fresh(worker: string, wanted: Wanted): Handout | undefined {
    for (;;) {
      const position = this.#files.pick(worker);
      if (position === undefined) return undefined;
      const { first, end } = this.#ledger.uncut(position);
      if (first === end) {
        this.#files.finish(position);
        continue;
      }
      const cutAt = this.#end({ file: position, first, end }, wanted.entries);
      const { alone, mostMs } = wanted;
      const assigned = this.#ledger.cut(position, cutAt, worker, mostMs !== null);
      if (cutAt === end) this.#files.finish(position);
      return { ...assigned, alone, mostMs };
    }
  }

  #copy(worker: string, now: number, most: number): Handout | undefined {
    const id = this.#tail.copyFor(worker, now, most);
    return id === undefined ? undefined : { ...this.#ledger.assign(id, worker), alone: true, mostMs: null };
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

/** Before the end of a slot: for the commit, and for ending what runs there (the agent ends all 10 s before). */
const SLOT_RESERVE_MS = 15_000;

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
