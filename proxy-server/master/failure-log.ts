/** What was set aside in a query: entries that fail, listed up to a limit, and the rule past how many the query itself fails. Pure. */
import type { QueryResult } from '../../protocol/session-messages.js';
import type { LedgerPacket } from './packet-states.js';

const MOST_LISTED = 1_000;
type Report = QueryResult['failures'][number];

export class FailureLog {
  readonly #reports: Report[] = [];
  #leftOut = 0;

  add(file: string, packet: LedgerPacket): void {
    if (this.#reports.length >= MOST_LISTED) {
      this.#leftOut++;
      return;
    }
    const last = packet.failures.at(-1);
    this.#reports.push({
      file,
      first: packet.first,
      end: packet.end,
      entry: last?.entry ?? (packet.end - packet.first === 1 ? packet.first : null),
      attempts: packet.failures.length,
      error: last?.error.message ?? 'It failed.',
      stack: last?.error.stack ?? null,
    });
  }

  get first(): Report | undefined {
    return this.#reports[0];
  }
  get leftOut(): number {
    return this.#leftOut;
  }
  /** In the data set's order. */
  reports(): Report[] {
    return [...this.#reports];
  }
}
