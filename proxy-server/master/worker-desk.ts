/**
 * The session's workers as they come, go and come back: who is at the current query, whose link is broken, who is let go.
 *
 * A worker whose link broke has lost what it had in hand: that goes to others after a moment, and nobody is blamed. It has `BACK_WITHIN_MS` to
 * dial again under its name; then its agent is told to replace it. Only the ProxyServer, which hears it from the agent, can say that the
 * process itself is dead; then the packet that it was running is blamed, also when that news comes after the link broke.
 */
import type { Clock } from '../../protocol/clock.js';
import type { MasterMessage } from '../../protocol/control-messages.js';
import { errorBody } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import { commonVersion, speaks } from '../../protocol/version.js';
import type { ToWorkerMessage, WorkerMessage } from '../../protocol/worker-messages.js';
import type { Peer, Receiver } from './peer.js';
import type { Leaving } from './processing-parts.js';
import type { QueryRun } from './query-run.js';
import type { QueryStore } from './query-store.js';
import { WorkerRoster } from './worker-roster.js';

export interface WorkerDeskParts {
  readonly sessionId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: QueryStore;
  readonly current: () => QueryRun | undefined;
  /** To the ProxyServer; false: it is not there. */
  readonly report: (message: MasterMessage) => boolean;
  /** The numbers have changed. */
  readonly onCounts: (counts: ReturnType<WorkerRoster['counts']>) => void;
}

/** The news of a death may overtake the end of the link. */
const LOST_AFTER_MS = 50;
/** A dialler's first pauses, and a ticket through agent and ProxyServer. */
const BACK_WITHIN_MS = 15_000;

export class WorkerDesk {
  readonly #parts: WorkerDeskParts;
  readonly #roster = new WorkerRoster();
  /** Given up while no ProxyServer was there to be told. */
  readonly #untold = new Map<string, string>();
  #isClosed = false;

  constructor(parts: WorkerDeskParts) {
    this.#parts = parts;
  }

  counts(): ReturnType<WorkerRoster['counts']> {
    return this.#roster.counts();
  }
  ids(): string[] {
    return this.#roster.all().map(({ workerId }) => workerId);
  }
  expect(workers: number): void {
    this.#roster.expected = workers;
    this.#counted();
  }
  /** At most so many work; null: all. */
  cap(n: number | null): void {
    this.#roster.cap = n;
    this.deploy();
    this.#counted();
  }
  /** Names from an earlier life of this master. */
  remember(workers: readonly { readonly workerId: string; readonly name: string }[]): void {
    this.#roster.remember(workers);
  }

  /** `workerId` is what the ProxyServer vouches for. */
  connect(workerId: string, peer: Peer<ToWorkerMessage>): Receiver<WorkerMessage> {
    this.#parts.current()?.removeWorker(workerId, 'lost', 'it connected again');
    this.#roster.connect(workerId, peer);
    this.#untold.delete(workerId);
    this.#counted();
    return {
      receive: (message) => this.#receive(workerId, peer, message),
      closed: (why) => this.#closed(workerId, peer, why),
    };
  }

  /** Its process is dead: the ProxyServer says so. */
  gone(workerId: string, why: string, withAgent = false): void {
    const run = this.#parts.current();
    if (this.#roster.isLeaving(workerId)) this.#drop(workerId, 'left', why);
    else {
      run?.died(workerId, why);
      this.#drop(workerId, withAgent ? 'withAgent' : 'killed', why);
    }
  }
  /** After the packet in hand. */
  letGo(n: number, workers: readonly string[] | undefined, why: string): void {
    for (const workerId of workers ?? this.#roster.leastBusy(n, (id) => this.#parts.current()?.busyWith(id) ?? 0))
      this.#roster.leaving(workerId)?.send({ type: 'release', why });
  }
  /** The ProxyServer is back: what it missed. */
  catchUp(): void {
    for (const [workerId, why] of this.#untold) this.#parts.report({ type: 'workerReleased', workerId, why });
    this.#untold.clear();
  }
  /** All of them, at the end of the session. */
  close(why: string): void {
    this.#isClosed = true;
    for (const { peer } of this.#roster.all()) peer?.send({ type: 'release', why });
  }

  /** Every worker that the current query may use is at it; no other is. */
  deploy(): void {
    const run = this.#parts.current();
    if (run === undefined || this.#isClosed) return;
    const used = new Set<string>();
    for (const worker of this.#roster.usable(run.spec.workers)) {
      used.add(worker.workerId);
      run.addWorker(worker);
    }
    for (const workerId of run.workerIds())
      if (!used.has(workerId) && this.#roster.isConnected(workerId)) run.dismiss(workerId);
  }

  #receive(workerId: string, peer: Peer<ToWorkerMessage>, message: WorkerMessage): void {
    if (!this.#roster.isPeer(workerId, peer)) return; // said before it was given up
    const { store, sessionId, report, current } = this.#parts;
    if (message.type === 'hello') {
      let protocol: number;
      try {
        protocol = commonVersion(message);
      } catch (error) {
        peer.send({ type: 'refused', error: errorBody(error) });
        peer.close('protocol version');
        return;
      }
      const { name } = this.#roster.ready(workerId, {
        node: message.node,
        endsEarly: speaks(protocol, 'earlyEnds'),
      });
      peer.send({ type: 'welcome', protocol, sessionId, name });
      report({ type: 'workerReady', workerId });
      this.#counted();
      this.deploy();
    } else if (message.type === 'needProgram') {
      store.program(message.sha256).then(
        (code) => peer.send({ type: 'program', sha256: message.sha256, code }),
        (error: unknown) => peer.close(errorBody(error).message),
      );
    } else if (message.type === 'leaving') {
      this.#drop(workerId, 'left', message.why);
      peer.close(message.why);
    } else current()?.receive(workerId, message);
  }

  #closed(workerId: string, peer: Peer<ToWorkerMessage>, why: string): void {
    if (!this.#roster.isPeer(workerId, peer)) return;
    const { clock, log, current } = this.#parts;
    this.#roster.disconnect(workerId);
    this.#counted();
    log.info('worker link closed', { workerId, why });
    if (this.#roster.isLeaving(workerId)) {
      this.#drop(workerId, 'left', why);
      return;
    }
    const isBack = (): boolean => this.#roster.isConnected(workerId) || !this.#roster.has(workerId);
    clock.after(LOST_AFTER_MS, () => {
      if (isBack()) return;
      current()?.removeWorker(workerId, 'lost', why);
      this.deploy();
    });
    clock.after(BACK_WITHIN_MS, () => isBack() || this.#drop(workerId, 'lost', why));
  }

  #drop(workerId: string, how: Leaving, why: string): void {
    const worker = this.#roster.remove(workerId);
    if (worker === undefined) return;
    const { log, current, report } = this.#parts;
    log.info('worker gone', { workerId, how, why });
    current()?.removeWorker(workerId, how, why);
    if (!report({ type: 'workerReleased', workerId, why })) this.#untold.set(workerId, why);
    this.#counted();
    this.deploy();
  }
  #counted(): void {
    this.#parts.onCounts(this.#roster.counts());
  }
}
