/**
 * Ledger of one query: what became of every entry of its data set.
 *
 * An entry is unassigned (not cut yet, or in a waiting packet), assigned, committed, failed (set aside) or missing (cannot be read), and
 * nothing else; `counts()` always adds up. A packet may be in two hands when it was duplicated; the first commit counts. A commit that
 * names a packet which is not in that worker's hands (any more) is refused whole, because its increment cannot be taken apart: the other
 * packets in it go back to waiting. A packet that may end early may be committed up to one of its entries; the rest waits as a new one.
 * Pure state: which packet to give to whom is the packetizer's matter, what to do with a failing one failure-policy.ts's.
 */
import {
  type Hand,
  type LedgerPacket,
  PACKET_MOVES,
  type PacketEvent,
  type PacketFailure,
  PacketMoveError,
} from './packet-states.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Packet extends Mutable<Omit<LedgerPacket, 'hands' | 'failures'>> {
  hands: Hand[];
  failures: PacketFailure[];
  attempts: number;
}

/** The part of a file that the query wants: entries [first, end). */
export interface LedgerFile {
  readonly position: number;
  readonly first: number;
  readonly end: number;
}
interface FileRow extends LedgerFile {
  /** Entries from here on were never cut. */
  next: number;
}

export interface Assigned {
  readonly packet: LedgerPacket;
  readonly attempt: number;
}

export interface Claim {
  readonly packetId: number;
  readonly attempt: number;
}
/** So many entries of it, from its first on. */
export interface CommitClaim extends Claim {
  readonly entries: number;
}
/** `others`: packets of accepted commits that another worker still has in hand. `back`: packets of a refused one that wait again. */
export type CommitVerdict =
  | { readonly accepted: true; readonly packets: readonly LedgerPacket[]; readonly others: readonly OtherHand[] }
  | { readonly accepted: false; readonly why: string; readonly back: readonly LedgerPacket[] };
export interface OtherHand {
  readonly worker: string;
  readonly packetId: number;
}

export interface LedgerCounts {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly missing: number;
}

export class Ledger {
  readonly #files = new Map<number, FileRow>();
  readonly #packets = new Map<number, Packet>();
  /** Insertion order is the order in which they came back. */
  readonly #waiting = new Set<Packet>();
  readonly #byWorker = new Map<string, Set<Packet>>();
  #lastId: number;
  #total = 0;
  #done = 0;
  #failed = 0;
  #missing = 0;
  #unassigned = 0;

  /** @param lastId packets are numbered behind it: those of an earlier life of the master keep their numbers */
  constructor(files: readonly LedgerFile[], lastId = 0) {
    this.#lastId = lastId;
    for (const file of files) {
      this.#files.set(file.position, { ...file, next: file.first });
      this.#total += file.end - file.first;
    }
    this.#unassigned = this.#total;
  }

  counts(): LedgerCounts {
    return { total: this.#total, done: this.#done, failed: this.#failed, missing: this.#missing };
  }
  /** Entries that are in nobody's hands and still to be done. */
  get unassigned(): number {
    return this.#unassigned;
  }
  /** Nothing is left to do. */
  get isSettled(): boolean {
    return this.#done + this.#failed + this.#missing === this.#total;
  }
  packet(id: number): LedgerPacket | undefined {
    return this.#packets.get(id);
  }
  /** Oldest first. */
  waiting(): Iterable<LedgerPacket> {
    return this.#waiting;
  }
  /** In the order in which it got them. */
  inHandsOf(worker: string): Iterable<LedgerPacket> {
    return this.#byWorker.get(worker) ?? [];
  }
  /** The part of a file that was never cut: empty when first === end. */
  uncut(position: number): { first: number; end: number } {
    const file = this.#file(position);
    return { first: file.next, end: file.end };
  }

  /** A new packet from where cutting stopped in that file up to `end`, for this worker. */
  cut(position: number, end: number, worker: string, mayEndEarly = false): Assigned {
    const file = this.#file(position);
    const packet = this.#create(position, file.next, Math.min(end, file.end), false, []);
    file.next = packet.end;
    return this.#hand(packet, worker, mayEndEarly);
  }

  /** Gives out a waiting packet, or one that is in another's hands once more. */
  assign(id: number, worker: string, mayEndEarly = false): Assigned {
    return this.#hand(this.#get(id), worker, mayEndEarly);
  }

  /** All or nothing. */
  commit(worker: string, claims: readonly CommitClaim[]): CommitVerdict {
    const bad = claims.find((claim) => !this.#holds(worker, claim) || !this.#mayBeSo(worker, claim));
    const twice = new Set(claims.map(({ packetId }) => packetId)).size !== claims.length;
    if (bad !== undefined || twice) {
      const back: LedgerPacket[] = [];
      for (const { packetId, attempt } of claims)
        if (this.#holds(worker, { packetId, attempt })) back.push(...this.#letGo(this.#get(packetId), worker));
      const state = bad === undefined ? 'there twice' : (this.#packets.get(bad.packetId)?.state ?? 'unknown');
      return { accepted: false, why: `packet ${bad?.packetId ?? ''} of it is ${state}`, back };
    }
    const packets = claims.map(({ packetId, entries }) => this.#endedAfter(this.#get(packetId), entries));
    const others: OtherHand[] = [];
    for (const packet of packets) {
      this.#move(packet, 'commit');
      this.#done += packet.end - packet.first;
      for (const hand of packet.hands) {
        this.#byWorker.get(hand.worker)?.delete(packet);
        if (hand.worker !== worker) others.push({ worker: hand.worker, packetId: packet.id });
      }
      packet.hands = [];
      this.#packets.delete(packet.id);
    }
    return { accepted: true, packets, others };
  }

  /** A hand opens without output: the worker left, or gave the packet back. @returns it, where it waits again now */
  giveBack(worker: string, claim: Claim): readonly LedgerPacket[] {
    return this.#holds(worker, claim) ? this.#letGo(this.#get(claim.packetId), worker) : [];
  }
  /** Everything in this worker's hands. @returns what waits again now */
  giveBackAll(worker: string): readonly LedgerPacket[] {
    const held = [...(this.#byWorker.get(worker) ?? [])];
    this.#byWorker.delete(worker);
    return held.flatMap((packet) => this.#letGo(packet, worker));
  }

  /** Notes a failure; the hand (if the packet is still in it) opens. @returns the packet, if it is still to be done */
  fail(id: number, failure: PacketFailure): LedgerPacket | undefined {
    const packet = this.#packets.get(id);
    if (packet === undefined) return undefined;
    packet.failures.push(failure);
    if (packet.hands.some(({ worker }) => worker === failure.worker)) this.#letGo(packet, failure.worker);
    return packet;
  }

  /**
   * Takes a waiting packet apart at these entries (ascending, inside it); the parts wait in its place.
   * @param heir the part that begins here inherits its failures
   */
  split(id: number, at: readonly number[], options: { suspect: boolean; heir?: number }): LedgerPacket[] {
    const packet = this.#get(id);
    this.#move(packet, 'split');
    this.#forget(packet);
    const borders = [packet.first, ...at, packet.end];
    return borders.slice(0, -1).map((first, i) => {
      const failures = first === options.heir ? packet.failures : [];
      const suspect = first === options.heir || options.suspect;
      const part = this.#create(packet.file, first, borders[i + 1]!, suspect, failures);
      this.#waiting.add(part);
      return part;
    });
  }

  /** A waiting packet whose entries fail. */
  setAside(id: number): LedgerPacket {
    const packet = this.#settle(id, 'setAside');
    this.#failed += packet.end - packet.first;
    return packet;
  }
  /** A waiting packet whose entries cannot be read. */
  lose(id: number): LedgerPacket {
    const packet = this.#settle(id, 'lose');
    this.#missing += packet.end - packet.first;
    return packet;
  }
  /** All of a file that nobody has in hand. @returns what that was */
  loseFile(position: number): { first: number; end: number }[] {
    const file = this.#file(position);
    const lost = file.next < file.end ? [{ first: file.next, end: file.end }] : [];
    this.#missing += file.end - file.next;
    this.#unassigned -= file.end - file.next;
    file.next = file.end;
    for (const packet of [...this.#waiting]) if (packet.file === position) lost.push(this.lose(packet.id));
    return lost.map(({ first, end }) => ({ first, end }));
  }

  /** A journal says that this range was settled before: used while recovering, before anything is cut. */
  restore(position: number, ranges: readonly RestoredRange[]): void {
    const file = this.#file(position);
    let at = file.first;
    for (const { first, end, state } of [...ranges].sort((a, b) => a.first - b.first)) {
      if (first > at) this.#waiting.add(this.#create(position, at, first, false, []));
      if (state === 'done') this.#done += end - first;
      else if (state === 'failed') this.#failed += end - first;
      else this.#missing += end - first;
      this.#unassigned -= end - first;
      at = end;
    }
    file.next = at;
  }

  #file(position: number): FileRow {
    const file = this.#files.get(position);
    if (file === undefined) throw new RangeError(`no file at position ${position}`);
    return file;
  }
  #get(id: number): Packet {
    const packet = this.#packets.get(id);
    if (packet === undefined) throw new RangeError(`no packet ${id}`);
    return packet;
  }
  #create(file: number, first: number, end: number, suspect: boolean, failures: PacketFailure[]): Packet {
    if (first >= end) throw new RangeError(`empty packet [${first}, ${end}) of file ${file}`);
    const id = ++this.#lastId;
    const range = { file, first, end, endedEarly: false };
    const packet: Packet = { id, ...range, state: 'waiting', hands: [], failures, suspect, attempts: 0 };
    this.#packets.set(id, packet);
    return packet;
  }
  #hand(packet: Packet, worker: string, mayEndEarly: boolean): Assigned {
    if (packet.state === 'waiting') this.#unassigned -= packet.end - packet.first;
    this.#move(packet, 'assign');
    this.#waiting.delete(packet);
    const attempt = ++packet.attempts;
    packet.hands.push({ worker, attempt, mayEndEarly });
    const held = this.#byWorker.get(worker);
    if (held === undefined) this.#byWorker.set(worker, new Set([packet]));
    else held.add(packet);
    return { packet, attempt };
  }
  #holds(worker: string, { packetId, attempt }: Claim): boolean {
    const packet = this.#packets.get(packetId);
    return packet?.hands.some((hand) => hand.worker === worker && hand.attempt === attempt) ?? false;
  }
  #mayBeSo(worker: string, { packetId, entries }: CommitClaim): boolean {
    const { first, end, hands } = this.#get(packetId);
    if (entries === end - first) return true;
    return entries > 0 && entries < end - first && hands.some((hand) => hand.worker === worker && hand.mayEndEarly);
  }
  /** What is behind these entries waits as a packet of its own. */
  #endedAfter(packet: Packet, entries: number): Packet {
    const end = packet.first + entries;
    if (end === packet.end) return packet;
    const rest = this.#create(packet.file, end, packet.end, packet.suspect, []);
    this.#waiting.add(rest);
    this.#unassigned += rest.end - rest.first;
    packet.end = end;
    packet.endedEarly = true;
    return packet;
  }
  #letGo(packet: Packet, worker: string): LedgerPacket[] {
    packet.hands = packet.hands.filter((hand) => hand.worker !== worker);
    this.#byWorker.get(worker)?.delete(packet);
    if (packet.hands.length > 0) return [];
    this.#move(packet, 'giveBack');
    this.#waiting.add(packet);
    this.#unassigned += packet.end - packet.first;
    return [packet];
  }
  #settle(id: number, event: 'setAside' | 'lose'): Packet {
    const packet = this.#get(id);
    this.#move(packet, event);
    this.#unassigned -= packet.end - packet.first;
    this.#forget(packet);
    return packet;
  }
  #forget(packet: Packet): void {
    this.#waiting.delete(packet);
    this.#packets.delete(packet.id);
  }
  #move(packet: Packet, event: PacketEvent): void {
    const to = PACKET_MOVES[packet.state][event];
    if (to === undefined) throw new PacketMoveError(packet, event);
    packet.state = to;
  }
}

export interface RestoredRange {
  readonly first: number;
  readonly end: number;
  readonly state: 'done' | 'failed' | 'missing';
}
