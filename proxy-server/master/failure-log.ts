/** What was set aside in a query: entries that fail, listed up to a limit, and the rule past how many the query itself fails. Pure. */
import type { QueryResult } from '../../protocol/session-messages.js';
import type { LedgerPacket } from './packet-states.js';

const MOST_LISTED = 1_000;
export type Report = QueryResult['failures'][number];

/** `position`: of its file in the data set. */
export interface LoggedFailure {
  readonly position: number;
  readonly report: Report;
}

export class FailureLog {
  readonly #logged: LoggedFailure[] = [];
  #leftOut = 0;

  add(failure: LoggedFailure): void {
    if (this.#logged.length < MOST_LISTED) this.#logged.push(failure);
    else this.#leftOut++;
  }
  restore(failures: readonly LoggedFailure[], leftOut: number): void {
    for (const failure of failures) this.add(failure);
    this.#leftOut += leftOut;
  }

  /** In the data set's order, whoever met them first. */
  logged(): LoggedFailure[] {
    return this.#logged.toSorted((a, b) => a.position - b.position || a.report.first - b.report.first);
  }
  reports(): Report[] {
    return this.logged().map(({ report }) => report);
  }
  get first(): Report | undefined {
    return this.reports()[0];
  }
  get leftOut(): number {
    return this.#leftOut;
  }
}

/** A packet whose entries fail, as people are told. `entries`: what it has of the file, which an entry list counts otherwise. */
export function failureReportOf(
  file: string,
  packet: LedgerPacket,
  entries: { readonly first: number; readonly end: number },
): Report {
  const { first, end } = entries;
  const last = packet.failures.at(-1);
  return {
    file,
    first,
    end,
    entry: end - first === 1 ? first : (last?.entry ?? null),
    attempts: packet.failures.length,
    error: last?.error.message ?? 'It failed.',
    stack: last?.error.stack ?? null,
    packet: packet.id,
    ...(last?.output === undefined || last.output === '' ? {} : { output: last.output }),
  };
}
