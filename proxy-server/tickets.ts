/** One-time tickets with which workers enter a session. Kept in memory only: a ProxyServer that restarted gives new ones. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../protocol/clock.js';

export interface Ticket {
  readonly workerId: string;
  readonly agentId: string;
  readonly sessionId: string;
}

export class TicketBox {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #tickets = new Map<string, { ticket: Ticket; cancel: () => void }>();

  /** @param onExpired the worker never came */
  constructor(
    clock: Clock,
    lifetimeMs: number,
    readonly onExpired: (ticket: Ticket) => void,
  ) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  issue(ticket: Ticket): string {
    const text = randomBytes(24).toString('base64url');
    const cancel = this.#clock.after(this.#lifetimeMs, () => {
      this.#tickets.delete(text);
      this.onExpired(ticket);
    });
    this.#tickets.set(text, { ticket, cancel });
    return text;
  }

  /** Opens the door once. */
  redeem(text: string): Ticket | undefined {
    const found = this.#tickets.get(text);
    found?.cancel();
    this.#tickets.delete(text);
    return found?.ticket;
  }

  close(): void {
    for (const { cancel } of this.#tickets.values()) cancel();
    this.#tickets.clear();
  }
}
