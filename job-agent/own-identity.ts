/**
 * Who this agent is to the ProxyServer: id and token, kept over broken connections and, where there is a state directory, for the process that
 * comes after it. What an earlier process was is tried first; where that does not count any more, the agent comes in as another one.
 */
import type { Logger } from '../protocol/log.js';
import type { AgentState } from './agent-state.js';

export class OwnIdentity {
  readonly #state: AgentState;
  readonly #slot: string;
  readonly #log: Logger;
  #current: { agentId: string; token: string } | undefined;
  #isReturning: boolean;

  constructor({ state, slot, log }: { state: AgentState; slot: string; log: Logger }) {
    this.#state = state;
    this.#slot = slot;
    this.#log = log;
    this.#current = state.identity();
    this.#isReturning = this.#current !== undefined;
  }

  get current(): { readonly agentId: string; readonly token: string } | undefined {
    return this.#current;
  }

  /** It is that of the agent before this one, and nobody has said yet whether it still counts. */
  get isReturning(): boolean {
    return this.#isReturning;
  }

  /** The ProxyServer says so. */
  given(identity: { agentId: string; token: string }): void {
    this.#isReturning = false;
    this.#keep(identity);
  }

  renewToken(token: string): void {
    if (this.#current !== undefined) this.#keep({ ...this.#current, token });
  }

  /** What an earlier process of this agent was is over; as another agent it may still come in, and hears what is to become of the payloads. */
  startAnew(why: string): void {
    this.#log.warn(`registering anew: ${why}`);
    this.#isReturning = false;
    this.#current = undefined;
    this.#state.dropIdentity();
  }

  #keep({ agentId, token }: { agentId: string; token: string }): void {
    this.#current = { agentId, token };
    try {
      this.#state.keepIdentity({ agentId, token, slot: this.#slot });
    } catch (error) {
      this.#log.warn(`the agent's identity is not kept: ${(error as Error).message}`); // a full disk: it serves on
    }
  }
}
