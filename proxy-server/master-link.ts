/**
 * The ProxyServer's line to one master, over the master's Unix socket (/control): dialled until the master listens, dialled again
 * when it breaks, given up when the master's process is gone.
 */
import type { Clock } from '../protocol/clock.js';
import { type MasterMessage, masterMessage, type ToMasterMessage } from '../protocol/control-messages.js';
import { type Dialler, dial } from '../protocol/dial.js';
import { errorBody } from '../protocol/errors.js';
import type { Link } from '../protocol/link.js';
import { isSameProcess } from '../protocol/process-id.js';
import { commonVersion, OLDEST_SPOKEN, SPOKEN, speaks } from '../protocol/version.js';
import { checkSocket } from './session-files.js';

export interface MasterLinkOptions {
  readonly socket: string;
  readonly pid: number;
  readonly pidStart: string | null;
  readonly clock: Clock;
  readonly onMessage: (message: MasterMessage) => void;
  /** The master's process is gone, or it never listened. Called once. */
  readonly onDead: (why: string) => void;
}

/** A process that lives but does not listen for so long is given up. */
const GIVE_UP_MS = 30_000;
const LOOK_MS = 500;

export class MasterLink {
  readonly #options: MasterLinkOptions;
  readonly #dialler: Dialler;
  #link: Link<MasterMessage, ToMasterMessage> | undefined;
  #isOver = false;
  #cancelLook: () => void = () => {};
  /** What must be said first on every new connection. */
  #expected = 0;
  #version = OLDEST_SPOKEN;

  constructor(options: MasterLinkOptions) {
    this.#options = options;
    this.#dialler = dial<MasterMessage, ToMasterMessage>({
      url: `ws+unix://${options.socket}:/control`,
      headers: async () => {
        checkSocket(options.socket); // users' code can write in its directory
        return {};
      },
      schema: masterMessage,
      clock: options.clock,
      firstPauseMs: 4,
      longestPauseMs: 500,
      giveUpAfterMs: GIVE_UP_MS,
      onOpen: (link) => {
        this.#link = link;
        link.send({ type: 'hello', ...SPOKEN });
        link.send({ type: 'expect', workers: this.#expected });
      },
      onMessage: (message) => this.#hear(message),
      onLost: (why) => {
        this.#link = undefined;
        this.#look(why);
      },
      onClosed: (why) => this.#dead(`its master does not answer: ${why}`),
    });
    this.#watch();
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  send(message: ToMasterMessage): void {
    if (message.type === 'expect') this.#expected = message.workers;
    if (message.type === 'notice' && !speaks(this.#version, 'notices')) return;
    this.#link?.send(message);
  }

  /** Leaves the master alone. */
  close(): void {
    this.#isOver = true;
    this.#cancelLook();
    this.#dialler.close('the ProxyServer ends');
  }

  #hear(message: MasterMessage): void {
    try {
      if (message.type === 'hello') this.#version = commonVersion(message);
    } catch (error) {
      this.#dead(errorBody(error).message);
      return;
    }
    this.#options.onMessage(message);
  }

  #watch(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
      if (this.#link === undefined) this.#look('it does not listen');
      if (!this.#isOver) this.#watch();
    });
  }

  #look(why: string): void {
    const { pid, pidStart } = this.#options;
    if (!isSameProcess(pid, pidStart)) this.#dead(`its master (process ${pid}) is gone: ${why}`);
  }

  #dead(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelLook();
    this.#dialler.close(why);
    this.#options.onDead(why);
  }
}
