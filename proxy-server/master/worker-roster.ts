/**
 * The workers of a session: expected (promised by the ProxyServer), connected (their link is open), ready (they said hello), leaving.
 * Names are numbers in the order of arrival, `0.1`, `0.2`, … as PROOF had them; one that comes back keeps its name. Pure state.
 */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { ToWorkerMessage } from '../../protocol/worker-messages.js';
import type { Peer } from './peer.js';
import type { QueryWorker } from './processing-parts.js';

interface Row {
  readonly workerId: string;
  readonly name: string;
  peer: Peer<ToWorkerMessage> | undefined;
  node: NodeFacts | undefined;
  endsEarly: boolean;
  isLeaving: boolean;
}

export class WorkerRoster {
  readonly #rows = new Map<string, Row>();
  readonly #names = new Map<string, string>();
  expected = 0;
  /** At most so many work (TProof::SetParallel); null: all. */
  cap: number | null = null;

  all(): readonly { readonly workerId: string; readonly peer: Peer<ToWorkerMessage> | undefined }[] {
    return [...this.#rows.values()];
  }
  has(workerId: string): boolean {
    return this.#rows.has(workerId);
  }
  isConnected(workerId: string): boolean {
    return this.#rows.get(workerId)?.peer !== undefined;
  }
  isPeer(workerId: string, peer: Peer<ToWorkerMessage>): boolean {
    return this.#rows.get(workerId)?.peer === peer;
  }
  isLeaving(workerId: string): boolean {
    return this.#rows.get(workerId)?.isLeaving ?? false;
  }

  /** Names from an earlier life of this master. */
  remember(workers: readonly { readonly workerId: string; readonly name: string }[]): void {
    for (const { workerId, name } of workers) if (!this.#names.has(workerId)) this.#names.set(workerId, name);
  }
  connect(workerId: string, peer: Peer<ToWorkerMessage>): void {
    const name = this.#names.get(workerId) ?? `0.${this.#names.size + 1}`;
    this.#names.set(workerId, name);
    this.#rows.set(workerId, { workerId, name, peer, node: undefined, endsEarly: false, isLeaving: false });
  }
  /** Its link is gone; whether it is gone itself turns out later. */
  disconnect(workerId: string): void {
    const row = this.#rows.get(workerId);
    if (row === undefined) return;
    row.peer = undefined;
    row.node = undefined; // said again with the next hello
  }
  ready(workerId: string, { node, endsEarly }: Pick<QueryWorker, 'node' | 'endsEarly'>): { name: string } {
    const row = this.#rows.get(workerId)!;
    row.node = node;
    row.endsEarly = endsEarly;
    return row;
  }
  /** It finishes the packet in hand and goes. @returns its link */
  leaving(workerId: string): Peer<ToWorkerMessage> | undefined {
    const row = this.#rows.get(workerId);
    if (row !== undefined) row.isLeaving = true;
    return row?.peer;
  }
  remove(workerId: string): { name: string } | undefined {
    const row = this.#rows.get(workerId);
    this.#rows.delete(workerId);
    return row;
  }

  /** Those that a query may use, in order of arrival; one that leaves stays with its query until it is gone. */
  usable(most: number | null): QueryWorker[] {
    const limit = Math.min(most ?? Number.POSITIVE_INFINITY, this.cap ?? Number.POSITIVE_INFINITY);
    return [...this.#rows.values()]
      .filter(({ node, peer }) => node !== undefined && peer !== undefined)
      .slice(0, limit)
      .map(({ workerId, name, node, endsEarly }) => ({
        ...{ workerId, name, node: node!, endsEarly },
        send: (message: ToWorkerMessage) => this.#rows.get(workerId)?.peer?.send(message),
      }));
  }
  /** The `n` with the least to lose. */
  leastBusy(n: number, busy: (workerId: string) => number): string[] {
    return [...this.#rows.values()]
      .filter(({ isLeaving }) => !isLeaving)
      .map(({ workerId }) => ({ workerId, busy: busy(workerId) }))
      .reverse()
      .sort((a, b) => a.busy - b.busy)
      .slice(0, n)
      .map(({ workerId }) => workerId);
  }

  counts(): { expected: number; connected: number; ready: number } {
    const rows = [...this.#rows.values()];
    return {
      expected: Math.max(this.expected, rows.length),
      connected: rows.filter(({ peer }) => peer !== undefined).length,
      ready: rows.filter(({ peer, node }) => peer !== undefined && node !== undefined).length,
    };
  }
}
