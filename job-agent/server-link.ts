/**
 * The agent's connection to the ProxyServer: dialled out, and again whenever it is lost, until `orphanedAfterMs` have passed without one.
 *
 * A connection counts from the ProxyServer's welcome, which settles the protocol version; what is told before is not sent, since hello carries
 * the state of everything. Messages: protocol/agent-messages.ts.
 */
import { type AgentMessage, type ToAgentMessage, toAgentMessage } from '../protocol/agent-messages.js';
import type { Clock } from '../protocol/clock.js';
import { type Dialler, dial } from '../protocol/dial.js';
import type { Link } from '../protocol/link.js';
import { type SINCE, speaks } from '../protocol/version.js';
import type { AgentSettings } from './settings.js';

export interface ServerLinkOptions {
  readonly settings: Pick<AgentSettings, 'server' | 'ca' | 'orphanedAfterMs'>;
  readonly clock: Clock;
  /** What each new connection begins with. */
  readonly hello: () => AgentMessage;
  readonly onMessage: (message: ToAgentMessage) => void;
  /** A connection broke; another is dialled. */
  readonly onLost: (why: string) => void;
  /** Refused, or given up: nothing is dialled any more. */
  readonly onClosed: (why: string) => void;
}

/** Where the ProxyServer takes WebSockets: no slash at the end. */
export const webSocketUrl = (server: string): string => server.replace(/^http/, 'ws').replace(/\/$/, '');

export class ServerLink {
  readonly #options: ServerLinkOptions;
  #dialler: Dialler | undefined;
  #link: Link<ToAgentMessage, AgentMessage> | undefined;
  /** Of the connection that stands; 0: not welcomed on it yet. */
  #version = 0;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
  }

  open(): void {
    const { settings, clock, hello, onMessage, onClosed } = this.#options;
    this.#dialler = dial<ToAgentMessage, AgentMessage>({
      url: `${webSocketUrl(settings.server)}/v1/agent`,
      schema: toAgentMessage,
      clock,
      ...(settings.ca === null ? {} : { ca: settings.ca }),
      giveUpAfterMs: settings.orphanedAfterMs,
      onOpen: (link) => {
        this.#link = link;
        this.#version = 0;
        link.send(hello());
      },
      onMessage,
      onLost: (why) => this.#lost(why),
      onClosed: (why) => {
        this.#lost(why);
        onClosed(why);
      },
    });
  }

  welcomed(version: number): void {
    this.#version = version;
  }

  get isWelcomed(): boolean {
    return this.#version > 0;
  }

  speaks(what: keyof typeof SINCE): boolean {
    return speaks(this.#version, what);
  }

  /** The one that stands, by identity: whether it is still the same after something took its time. */
  get connection(): object | undefined {
    return this.#link;
  }

  tell(message: AgentMessage): void {
    if (this.isWelcomed) this.#link?.send(asSpoken(message, this.#version));
  }

  /** @returns when all that was told has been read, or the ProxyServer does not answer */
  async close(why: string): Promise<void> {
    await this.#dialler?.close(why);
  }

  #lost(why: string): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#version = 0;
    this.#options.onLost(why);
  }
}

/** A ProxyServer of the version before does not know all of today's words. */
function asSpoken(message: AgentMessage, version: number): AgentMessage {
  if (message.type !== 'jobState' || message.job.end?.outcome !== 'givenBack' || speaks(version, 'givingBack'))
    return message;
  return { ...message, job: { ...message.job, end: { ...message.job.end, outcome: 'expired' } } };
}
