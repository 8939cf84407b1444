/** What was set aside in a query: entries that fail, listed up to a limit, and the rule past how many the query itself fails. Pure. */
import type { QueryResult } from '../../protocol/session-messages.js';
import type { LedgerPacket } from './packet-states.js';

const MOST_LISTED = 1_000;
export type Report = QueryResult['failures'][number];

export class FailureLog {
  readonly #reports: Report[] = [];
  #leftOut = 0;

  add(report: Report): void {
    if (this.#reports.length < MOST_LISTED) this.#reports.push(report);
    else this.#leftOut++;
  }
  restore(reports: readonly Report[], leftOut: number): void {
    for (const report of reports) this.add(report);
    this.#leftOut += leftOut;
  }

  get first(): Report | undefined {
    return this.#reports[0];
  }
  get leftOut(): number {
    return this.#leftOut;
  }
  reports(): Report[] {
    return [...this.#reports];
  }
}

/** A packet whose entries fail, as people are told. */
export function failureReportOf(file: string, packet: LedgerPacket): Report {
  const last = packet.failures.at(-1);
  return {
    file,
    first: packet.first,
    end: packet.end,
    entry: last?.entry ?? (packet.end - packet.first === 1 ? packet.first : null),
    attempts: packet.failures.length,
    error: last?.error.message ?? 'It failed.',
    stack: last?.error.stack ?? null,
  };
}
