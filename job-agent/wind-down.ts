/**
 * How an agent goes: drained (no new work; it ends when the last session and payload let go, at the latest just before its slot does), or at
 * once. It leaves nothing behind; one that leaves its payloads to the next process (SIGHUP) keeps what that needs.
 */
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import type { AgentLife } from './agent-life.js';
import type { AgentState } from './agent-state.js';
import type { DataServer } from './data-server.js';
import { AGENT_EXIT, type AgentExit } from './exit-status.js';
import type { Fitness } from './fitness.js';
import type { Heartbeat } from './heartbeat.js';
import type { PayloadDesk } from './payload/payload-desk.js';
import type { Scratch } from './scratch.js';
import type { ServerLink } from './server-link.js';
import type { AgentSettings } from './settings.js';
import type { WorkerPool } from './worker-pool.js';

/** Longer than a timer can be: such a slot outlives anything that is planned here. */
const LONGEST_TIMER_MS = 2 ** 31;
/** Before the end of the slot: for ending workers and tidying up. */
const LAST_MS = 10_000;

export interface WindDownOptions {
  readonly settings: Pick<AgentSettings, 'wallTimeEnd' | 'drainBeforeEndS'>;
  readonly life: AgentLife;
  readonly link: ServerLink;
  readonly heartbeat: Heartbeat;
  readonly fitness: Fitness;
  readonly pool: WorkerPool;
  readonly payloads: PayloadDesk;
  readonly dataServer: () => Promise<DataServer | undefined>;
  readonly state: AgentState;
  readonly scratch: Scratch;
  readonly clock: Clock;
  readonly log: Logger;
}

export class WindDown {
  readonly #options: WindDownOptions;
  #cancelPlanned: () => void = () => {};
  readonly ended: Promise<AgentExit>;
  #finish!: (exit: AgentExit) => void;

  constructor(options: WindDownOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Drains `drainBeforeEndS` before the end of the slot, where that is known. */
  plan(): void {
    const { settings } = this.#options;
    this.#beforeSlotEnds(settings.drainBeforeEndS * 1000, () => void this.drain('the batch slot is about to end'));
  }

  async drain(why: string): Promise<void> {
    const { life, log, link, pool, payloads } = this.#options;
    if (!life.take('drain')) return;
    log.info(`draining: ${why}`);
    link.tell({ type: 'draining', reason: why });
    // What still runs then would be killed by the batch system, and its files left lying about.
    this.#beforeSlotEnds(LAST_MS, () => void this.end(AGENT_EXIT.ended, why));
    await Promise.all([pool.drain(why), payloads.drained()]);
    await this.end(AGENT_EXIT.ended, why);
  }

  async end(exit: AgentExit, why: string, isLeaving = false): Promise<void> {
    const { life, log, link, heartbeat, fitness, pool, payloads, dataServer, state, scratch } = this.#options;
    if (!life.take('end')) return;
    log.info(`ending: ${why}`);
    heartbeat.stop();
    fitness.close();
    this.#cancelPlanned();
    if (!isLeaving) payloads.close();
    await Promise.all([pool.close(why), dataServer().then((server) => server?.stop())]);
    heartbeat.tellLastUsage();
    if (!isLeaving) link.tell({ type: 'goodbye', reason: why.slice(0, 1000) });
    await link.close('the agent ends'); // what was told last would be lost with the process
    if (!isLeaving) state.end();
    scratch.remove();
    this.#finish(exit);
  }

  #beforeSlotEnds(byMs: number, run: () => void): void {
    const { settings, clock } = this.#options;
    if (settings.wallTimeEnd === null) return;
    const leftMs = settings.wallTimeEnd - clock.date().getTime() - byMs;
    if (leftMs < LONGEST_TIMER_MS) this.#cancelPlanned = clock.after(Math.max(0, leftMs), run);
  }
}
