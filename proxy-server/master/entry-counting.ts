/**
 * Counting of entries: files that no catalog knows are opened by the workers, several at once, in the data set's order, until the query's
 * window is covered. A file that one worker cannot open is tried by another; then it is missing. Pure: requests come out of `next`.
 */
import type { ErrorBody } from '../../protocol/errors.js';
import type { FileFacts } from '../../protocol/worker-messages.js';
import type { DataSet } from './data-set.js';

/** Opening a remote file is waiting: a worker can have several on the way. */
const PER_WORKER = 4;
const ATTEMPTS = 2;

interface Request {
  readonly position: number;
  readonly tried: readonly string[];
}
interface Sent extends Request {
  readonly worker: string;
}

export class EntryCounting {
  readonly #dataSet: DataSet;
  readonly #window: { readonly first: number; readonly entries: number | null };
  #queue: Request[];
  readonly #sent = new Map<number, Sent>();
  readonly #workers = new Map<string, number>();
  #lastId = 0;
  #done = 0;

  constructor(dataSet: DataSet, window: { first: number; entries: number | null }) {
    this.#dataSet = dataSet;
    this.#window = window;
    this.#queue = dataSet.toCount(window.first, window.entries).map((position) => ({ position, tried: [] }));
  }

  get done(): number {
    return this.#done;
  }
  get isFinished(): boolean {
    return this.#queue.length === 0 && this.#sent.size === 0;
  }
  join(worker: string): void {
    if (!this.#workers.has(worker)) this.#workers.set(worker, 0);
  }
  /** Its requests go to others. */
  leave(worker: string): void {
    this.#workers.delete(worker);
    for (const [id, request] of this.#sent)
      if (request.worker === worker) {
        this.#sent.delete(id);
        this.#queue.unshift({ position: request.position, tried: request.tried });
      }
  }

  /** Requests to send now. */
  next(): { worker: string; requestId: number; position: number }[] {
    const requests: { worker: string; requestId: number; position: number }[] = [];
    for (let round = 0; round < PER_WORKER; round++)
      for (const [worker, busy] of this.#workers) {
        if (busy > round) continue;
        const at = this.#queue.findIndex(({ tried }) => !tried.includes(worker));
        if (at < 0) continue;
        const [request] = this.#queue.splice(at, 1);
        const requestId = ++this.#lastId;
        this.#sent.set(requestId, { position: request!.position, tried: [...request!.tried, worker], worker });
        this.#workers.set(worker, busy + 1);
        requests.push({ worker, requestId, position: request!.position });
      }
    return requests;
  }

  /** @returns false for an answer that nobody waits for any more */
  counted(
    worker: string,
    answer: { requestId: number; facts?: FileFacts | undefined; error?: ErrorBody | undefined },
  ): boolean {
    const request = this.#sent.get(answer.requestId);
    if (request?.worker !== worker) return false;
    this.#sent.delete(answer.requestId);
    this.#workers.set(worker, Math.max(0, (this.#workers.get(worker) ?? 1) - 1));
    const { position, tried } = request;
    if (answer.facts !== undefined) {
      this.#dataSet.learn(position, answer.facts);
      this.#done++;
      this.#dropUnneeded();
      return true;
    }
    const hasOther = [...this.#workers.keys()].some((name) => !tried.includes(name));
    if (tried.length < ATTEMPTS && hasOther) this.#queue.push({ position, tried });
    else {
      this.#dataSet.lose(position, answer.error?.message ?? 'It cannot be opened.');
      this.#done++;
    }
    return true;
  }

  /** A window that ends early needs no counts behind it. */
  #dropUnneeded(): void {
    const { first, entries } = this.#window;
    if (entries === null) return;
    const last = this.#dataSet.toCount(first, entries).at(-1) ?? -1;
    this.#queue = this.#queue.filter(({ position }) => position <= last);
  }
}
