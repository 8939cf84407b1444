/**
 * The last running packets: when nothing is left to cut, a worker gets a copy of the packet that is expected to end last, if it can
 * end it sooner itself, behind what it has in hand. That takes packets away from slow and stuck workers, and from the queues of busy ones; the first commit counts.
 */
import type { Ledger } from './ledger.js';
import type { LedgerPacket } from './packet-states.js';
import type { WorkerRates } from './worker-rates.js';

const MOST_HANDS = 2;
/** What it costs to send a packet and its commit, and what estimates are good for: a copy must win by more. */
const MARGIN = 1.2;
const MARGIN_MS = 20;
/** A packet is overdue after so many times its expected time, and this much more. */
const OVERDUE = 2;
const OVERDUE_MS = 500;

interface Running {
  readonly packetId: number;
  readonly since: number;
}

export class Tail {
  readonly #ledger: Ledger;
  readonly #rates: WorkerRates;
  readonly #running = new Map<string, Running>();

  constructor(ledger: Ledger, rates: WorkerRates) {
    this.#ledger = ledger;
    this.#rates = rates;
  }

  started(worker: string, packetId: number, now: number): void {
    this.#running.set(worker, { packetId, since: now });
  }
  /** A packet that was given to a worker with nothing else to do counts as running. */
  handed(worker: string, packetId: number, now: number): void {
    if (!this.#isHeld(worker, this.#running.get(worker)?.packetId)) this.started(worker, packetId, now);
  }
  leave(worker: string): void {
    this.#running.delete(worker);
  }

  /** The packet, of so many entries at most, to run once more on this worker; undefined: none is worth it. */
  copyFor(worker: string, now: number, most = Number.POSITIVE_INFINITY): number | undefined {
    const ownRate = this.#rates.of(worker);
    const busyMs = [...this.#expected(worker, now)].at(-1)?.leftMs ?? 0;
    let best: number | undefined;
    let latest = 0;
    for (const other of this.#rates.workers()) {
      if (other === worker) continue;
      for (const { packet, leftMs } of this.#expected(other, now)) {
        if (packet.hands.length >= MOST_HANDS || packet.hands.some((hand) => hand.worker === worker)) continue;
        if (packet.failures.some((failure) => failure.worker === worker)) continue;
        if (packet.end - packet.first > most) continue;
        const ownMs = busyMs + (ownRate === undefined ? 0 : (packet.end - packet.first) / ownRate);
        if (ownMs * MARGIN + MARGIN_MS >= leftMs || leftMs <= latest) continue;
        best = packet.id;
        latest = leftMs;
      }
    }
    return best;
  }

  /** What a worker has in hand and when it will be done with each, from now on. */
  *#expected(worker: string, now: number): Iterable<{ packet: LedgerPacket; leftMs: number }> {
    const running = this.#running.get(worker);
    const rate = this.#rates.of(worker);
    let queuedMs = 0;
    let first = true;
    let begun = !this.#isHeld(worker, running?.packetId);
    for (const packet of this.#ledger.inHandsOf(worker)) {
      // The packets before the running one are done, their commit is on the way. Where the running one is gone, the next is running.
      const isRunning = begun ? first : packet.id === running?.packetId;
      if (!begun && !isRunning) continue;
      begun = true;
      first = false;
      const wholeMs = rate === undefined ? OVERDUE_MS : (packet.end - packet.first) / rate;
      if (isRunning) {
        const elapsed = now - (running?.since ?? now);
        queuedMs += elapsed > OVERDUE * wholeMs + OVERDUE_MS ? elapsed : Math.max(0, wholeMs - elapsed);
      } else queuedMs += wholeMs;
      yield { packet, leftMs: queuedMs };
    }
  }

  #isHeld(worker: string, packetId: number | undefined): boolean {
    if (packetId === undefined) return false;
    return this.#ledger.packet(packetId)?.hands.some((hand) => hand.worker === worker) ?? false;
  }
}
