/** One session as the ProxyServer sees it: its record, its line to the master, what it asks for and what it was promised. */
import type { SessionInfo } from '../protocol/api.js';
import type { ToMasterMessage } from '../protocol/control-messages.js';
import type { MasterLink } from './master-link.js';
import type { SessionRecord } from './session-store.js';

export class Session {
  /** Its process changes when its master is started again. */
  record: SessionRecord;
  link: MasterLink | undefined;
  state: 'starting' | 'running' | 'ended' = 'starting';
  clients = 0;
  /** One of its queries runs, as its master last told. */
  isBusy = false;
  /** From the master: how many it would use now; null: any number. */
  want: number | null = null;
  /** Workers asked back and not returned yet. */
  leaving = 0;
  /** What the master was last told to expect. */
  expected = 0;
  /** Settles when its master listens; rejects when it never will. */
  listening!: Promise<void>;
  #settle: { isListening: () => void; failed: (error: Error) => void } | undefined;
  /** What its master must be told when it is back. */
  #unsaid: ToMasterMessage[] = [];
  /** When its master was started again, ms on the clock. */
  restarts: number[] = [];

  constructor(record: SessionRecord) {
    this.record = record;
    this.awaitMaster();
  }

  /** A master is on its way: clients and workers that come wait for it. */
  awaitMaster(): void {
    this.state = 'starting';
    if (this.#settle !== undefined) return; // the one before has died on its way: who waited for it waits for this one
    this.listening = new Promise((isListening, failed) => {
      this.#settle = { isListening, failed };
    });
    this.listening.catch(() => {}); // whoever waits is told
  }
  isListening(): void {
    this.#settle?.isListening();
    this.#settle = undefined;
  }
  failed(error: Error): void {
    if (this.#settle === undefined) this.listening = Promise.reject(error);
    this.listening.catch(() => {});
    this.#settle?.failed(error);
    this.#settle = undefined;
  }

  /** Now, or when its master listens again: a user's word is not lost meanwhile. */
  say(message: ToMasterMessage): void {
    if (this.link?.isConnected === true && this.state === 'running') this.link.send(message);
    else this.#unsaid.push(message);
  }
  /** Its master is back. */
  sayUnsaid(): void {
    for (const message of this.#unsaid.splice(0)) this.link?.send(message);
  }

  /** At most so many workers: the user's limit and the master's wish; null: any number. */
  get wanted(): number | null {
    const { maxWorkers } = this.record;
    if (this.want === null) return maxWorkers;
    return maxWorkers === null ? this.want : Math.min(this.want, maxWorkers);
  }

  info(workers: number): SessionInfo {
    const { sessionId, user, title, startedAt } = this.record;
    return { sessionId, user, title, state: this.state, workers, clients: this.clients, startedAt, endedAt: null };
  }
}
