/**
 * What an agent says regularly while a connection stands: how the node is and what its workers do (every heartbeat), and the CPU time of all
 * its processes (every 10 s; cumulative, so that what a broken connection loses is told again with the next). The node is looked at in step with it.
 */
import type { WorkerReport } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import type { AgentLife } from './agent-life.js';
import type { CpuLedger } from './cpu-ledger.js';
import { availableMemory, freeDisk } from './node-check.js';
import type { ServerLink } from './server-link.js';

const USAGE_EVERY_MS = 10_000;

export interface HeartbeatOptions {
  readonly link: ServerLink;
  readonly life: AgentLife;
  readonly scratch: string;
  readonly loadAverage: () => number;
  readonly workers: () => WorkerReport[];
  readonly ledger: CpuLedger;
  readonly clock: Clock;
  /** After each heartbeat, before the next. */
  readonly lookAtNode: () => Promise<void>;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #beats = 0;
  #usageToldAt = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Says so now, and again every `everyMs` while this connection stands. */
  async start(everyMs: number): Promise<void> {
    const { link, life, clock, scratch, loadAverage, workers, lookAtNode } = this.#options;
    const { connection } = link;
    const [freeMemoryBytes, freeDiskBytes] = await Promise.all([availableMemory(), freeDisk(scratch)]);
    if (life.isEnding || connection === undefined || connection !== link.connection) return;
    link.tell({
      type: 'heartbeat',
      seq: this.#beats++,
      loadAverage: loadAverage(),
      freeMemoryBytes,
      freeDiskBytes,
      workers: workers(),
    });
    this.#tellUsage();
    await lookAtNode();
    if (life.isEnding || connection !== link.connection) return;
    this.#cancel();
    this.#cancel = clock.after(everyMs, () => void this.start(everyMs));
  }

  stop(): void {
    this.#cancel();
  }

  /** A worker is gone: its user may look at once. */
  usageIsDue(): void {
    this.#usageToldAt = Number.NEGATIVE_INFINITY;
  }

  /** The agent ends: the last figures. */
  tellLastUsage(): void {
    this.usageIsDue();
    this.#tellUsage();
  }

  #tellUsage(): void {
    const { clock, ledger, link } = this.#options;
    if (clock.now() - this.#usageToldAt < USAGE_EVERY_MS || !link.speaks('accounting')) return;
    this.#usageToldAt = clock.now();
    ledger.look();
    link.tell({ type: 'usage', processes: ledger.report() });
  }
}
