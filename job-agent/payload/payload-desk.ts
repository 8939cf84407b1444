/** All payloads of one agent: takes orders, gives the cores of the slot to sessions and payloads by the policy, and ends what is left. */
import { join } from 'node:path';
import type { Launcher } from '../../isolation/launcher.js';
import type { AgentMessage, ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder, PayloadReport } from '../../protocol/job-messages.js';
import type { Logger } from '../../protocol/log.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { CpuLedger } from '../cpu-ledger.js';
import type { Guarding } from '../guard/guarded-program.js';
import { directoryOf, type FoundPayload } from './found-payloads.js';
import { Payload } from './payload.js';
import type { ServerPlace } from './payload-access.js';
import type { PayloadRecord } from './payload-record.js';
import { shareCores } from './policy.js';

export interface PayloadDeskOptions {
  readonly cores: number;
  /** Directories of payloads are made in it. */
  readonly directory: string;
  readonly slot: string;
  readonly server: ServerPlace;
  /** Credentials for the storage that input comes from and outputs go to. */
  readonly storage: StorageOptions;
  readonly ledger: CpuLedger;
  readonly launcher: Launcher;
  readonly guarding: Guarding;
  /** End of the slot, ms since 1970. */
  readonly slotEnd: number | null;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tell: (message: AgentMessage) => void;
  /** Cores that sessions use at this moment. */
  readonly sessionCores: () => number;
}

export class PayloadDesk {
  readonly #options: PayloadDeskOptions;
  /** In the order of their coming. */
  readonly #payloads = new Map<string, Payload>();
  #whenIdle: () => void = () => {};

  constructor(options: PayloadDeskOptions) {
    this.#options = options;
  }

  obey(message: Extract<ToAgentMessage, { type: 'runJob' | 'jobToken' | 'killJob' | 'forgetJob' }>): void {
    if (message.type === 'runJob') {
      this.#take(message.job);
      return;
    }
    const key = `${message.jobId}.${message.run}`;
    const payload = this.#payloads.get(key);
    if (message.type === 'jobToken') payload?.renewToken(message.token);
    else if (message.type === 'killJob') payload?.kill('killed', 'killed by its user');
    else if (payload?.isEnded === true) {
      payload.remove();
      this.#payloads.delete(key);
      this.#lookIdle();
    }
  }

  /** @param found of the agent before this one */
  goOnWith(found: readonly FoundPayload[]): void {
    for (const { order, record, how, program } of found) {
      const payload = this.#make(order, record);
      void payload.goOn(how, program);
    }
    this.look();
  }

  reports(): PayloadReport[] {
    return [...this.#payloads.values()].map((payload) => payload.report());
  }

  /** A connection is new, and its hello was heard: what ended meanwhile is told with its files. */
  tellEnds(): void {
    for (const payload of this.#payloads.values()) {
      payload.reported();
      payload.tellEnd();
    }
  }

  /** Sessions took or left cores, or a payload came or went. */
  look(): void {
    const { cores, sessionCores } = this.#options;
    const users = [...this.#payloads.entries()]
      .filter(([, payload]) => payload.usesCores && !payload.isEnded)
      .map(([key, { order, isStarted }]) => ({ key, cores: order.cores, policy: order.policy, isStarted }));
    for (const [key, decision] of shareCores(users, { cores, sessionCores: sessionCores() })) {
      const payload = this.#payloads.get(key)!;
      if (decision === 'stop') payload.suspend();
      else if (!payload.isStarted) void payload.start();
      else payload.continue();
      if (decision === 'yield') payload.yieldCores();
    }
  }

  /** @returns when no payload is left */
  drained(): Promise<void> {
    if (this.#payloads.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#whenIdle;
      this.#whenIdle = () => {
        before();
        resolve();
      };
    });
  }

  /** Ends all at once and removes what they wrote. */
  close(): void {
    for (const payload of this.#payloads.values()) payload.remove();
    this.#payloads.clear();
    this.#lookIdle();
  }

  #take(order: JobOrder): void {
    if (this.#payloads.has(keyOf(order))) return; // said twice
    try {
      this.#make(order);
    } catch (error) {
      this.#refuse(order, error as Error);
    }
    this.look();
  }

  /** Its directory cannot be made. */
  #refuse({ jobId, run }: JobOrder, error: Error): void {
    const none = { exitCode: null, cpuSeconds: 0, wallSeconds: 0, suspendedSeconds: 0, files: [], stored: [] };
    const end = { ...none, outcome: 'badInput' as const, why: error.message.slice(0, 2000) };
    this.#options.tell({ type: 'jobState', job: { jobId, run, phase: 'ended', end } });
  }

  #make(order: JobOrder, found?: PayloadRecord): Payload {
    const { directory, slot, server, storage, ledger, launcher, guarding, slotEnd, clock, log, tell } = this.#options;
    const key = keyOf(order);
    // One that was removed, with its agent, has not ended: its job is given out again.
    const tellOfIt = (message: AgentMessage): void => {
      if (this.#payloads.get(key) === payload) tell(message);
    };
    const payload: Payload = new Payload({
      order,
      directory: join(directory, directoryOf(key)),
      ...{ slot, server, storage, ledger, launcher, guarding, slotEnd, clock, log, tell: tellOfIt },
      ...(found === undefined ? {} : { found }),
      onChange: () => queueMicrotask(() => this.look()),
    });
    this.#payloads.set(key, payload);
    return payload;
  }

  #lookIdle(): void {
    if (this.#payloads.size === 0) this.#whenIdle();
  }
}

const keyOf = ({ jobId, run }: Pick<JobOrder, 'jobId' | 'run'>): string => `${jobId}.${run}`;
