/**
 * The queries of a session in the order of their submission, one running at a time: what was handed in, what runs, what came of it.
 *
 * A query counts as accepted once its journal is open, and as ended once its result is on disk; one that was accepted and has no result is
 * recovered when the master is started again.
 */
import { packedState } from '../../analysis/merged-state.js';
import type { Clock } from '../../protocol/clock.js';
import type { QueryRecord } from '../../protocol/control-messages.js';
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import { MOST_INLINE_BYTES, type QueryResult, type ToClientMessage } from '../../protocol/session-messages.js';
import { whenThereIsRoom } from './disk-room.js';
import { ResultNotKeptError } from './errors.js';
import { unstartedAnswer } from './query-answer.js';
import type { QueryRun } from './query-run.js';
import type { QuerySpec } from './query-spec.js';
import type { Answer, QueryStore, StoredResult } from './query-store.js';

export interface RunEvents {
  readonly tell: (message: ToClientMessage) => void;
  /** A worker that is lost in user code: it is to be ended. */
  readonly onStuck: (workerId: string, why: string) => void;
  readonly onEnd: (answer: Answer) => void;
}

export interface QueueParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: QueryStore;
  /** @throws {GridError} where the program does not load */
  readonly createRun: (spec: QuerySpec, events: RunEvents) => Promise<QueryRun>;
  /** To the clients that are attached to this query. */
  readonly tell: (queryId: string, message: ToClientMessage) => void;
  readonly onRecord: (record: QueryRecord) => void;
  readonly onStuck: (workerId: string, why: string) => void;
  /** Another query runs now, or none. */
  readonly onCurrent: (run: QueryRun | undefined) => void;
}

type QueryName = Pick<QuerySpec, 'queryId' | 'query'>;
const nameOf = ({ queryId, query }: QuerySpec): QueryName => ({ queryId, query });

const RECORD_MS = 2_000;

/** What the clients of a query are told when the disk of its session is full, or has room again. */
export const fullNotice = (isFull: boolean): ToClientMessage => ({
  type: 'notice',
  text: isFull
    ? "The ProxyServer's disk is full: the query waits until there is room."
    : 'There is room again; the query goes on.',
});

export class QueryQueue {
  readonly #parts: QueueParts;
  readonly #waiting: QueryRun[] = [];
  readonly #records = new Map<string, QueryRecord>();
  /** Results on their way to the disk. */
  readonly #saves = new Set<Promise<void>>();
  /** Key of a submission -> its query, once it is accepted. Names alone: a session may have thousands, each with long lists. */
  readonly #keys = new Map<string, Promise<QueryName>>();
  #current: QueryRun | undefined;
  #last: number;
  #isClosed = false;
  #recordedAt = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#last = parts.store.numbers().at(-1) ?? 0;
    for (const n of parts.store.numbers()) this.#recall(`q${n}`);
    for (const spec of parts.store.specs()) this.#know(spec.key, Promise.resolve(nameOf(spec)));
  }

  get current(): QueryRun | undefined {
    return this.#current;
  }
  get isEmpty(): boolean {
    return this.#current === undefined && this.#waiting.length === 0;
  }
  records(): QueryRecord[] {
    return [...this.#records.values()];
  }
  /** One that runs or waits. */
  find(queryId: string): QueryRun | undefined {
    if (this.#current?.spec.queryId === queryId) return this.#current;
    return this.#waiting.find(({ spec }) => spec.queryId === queryId);
  }
  nextId(): string {
    return `q${++this.#last}`;
  }

  /** Accepts it, unless it was handed in before under the same key. @returns the query as it stands. @throws as `accept` */
  submit(key: string | undefined, make: () => QuerySpec): Promise<QueryName> {
    const known = key === undefined ? undefined : this.#keys.get(key);
    if (known !== undefined) return known;
    const spec = make();
    const name = nameOf(spec);
    const accepted = this.accept(spec).then(() => name);
    this.#know(key, accepted);
    return accepted;
  }
  #know(key: string | undefined, name: Promise<QueryName>): void {
    if (key === undefined) return;
    this.#keys.set(key, name);
    name.catch(() => this.#keys.delete(key)); // refused: it may be tried again
  }

  /** @throws {GridError} where the program does not load, or the disk does not take it */
  async accept(spec: QuerySpec): Promise<void> {
    const { queryId } = spec;
    const run: QueryRun = await this.#parts.createRun(spec, {
      tell: (message) => {
        this.#parts.tell(queryId, message);
        if (message.type === 'progress') this.#recordNowAndThen(run);
      },
      onStuck: this.#parts.onStuck,
      onEnd: (answer) => this.#ended(queryId, answer),
    });
    this.#waiting.push(run);
    this.#record(run);
  }
  /** Runs the next one, where none runs. */
  startNext(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    this.#current = this.#waiting.shift();
    if (this.#current !== undefined) {
      void this.#current.start();
      this.#record(this.#current);
    }
    this.#parts.onCurrent(this.#current);
  }
  /** Queries whose master died: they go on. */
  async recover(): Promise<void> {
    for (const spec of this.#parts.store.unfinished())
      try {
        await this.accept(spec);
        this.#parts.log.info('query recovered', { query: spec.query });
      } catch (error) {
        const told = errorBody(error);
        this.#parts.log.error('query not recovered', { query: spec.query, why: told.message });
        await this.#fail(spec, told);
      }
    this.startNext();
  }

  /** Aborts all. @returns when their results are on disk */
  async close(why: string): Promise<void> {
    this.#isClosed = true;
    for (const run of [...this.#waiting]) run.abort(why);
    this.#current?.abort(why);
    await Promise.allSettled(this.#saves);
  }

  /** The answer is on disk before anybody is told. */
  #ended(queryId: string, answer: Answer): void {
    const run = this.find(queryId);
    const { store, log, tell, clock } = this.#parts;
    const saved = whenThereIsRoom(() => store.save(queryId, answer), {
      // It may hold the room itself, until it is released: one that failed is not worth waiting for.
      isOver: () => answer.result.status === 'failed',
      clock,
      onFull: (isFull) => tell(queryId, fullNotice(isFull)),
    })
      .then(() => store.result(queryId))
      .catch((error: unknown) => {
        log.error('result not saved', { queryId, why: errorBody(error).message });
        tell(queryId, { type: 'notice', text: `The result of ${queryId} could not be kept on disk.` });
        return this.#unsaved(queryId, answer);
      })
      .then((stored = unsaved(answer)) => {
        answer.release();
        if (run !== undefined) this.#record(run, clock.date().getTime());
        tell(queryId, { type: 'result', queryId, ...stored });
        const at = run === undefined ? -1 : this.#waiting.indexOf(run);
        if (at >= 0) this.#waiting.splice(at, 1);
        if (this.#current === run) this.#current = undefined;
        this.startNext();
      });
    this.#saves.add(saved);
    void saved.finally(() => this.#saves.delete(saved));
  }

  /** Where its outputs are lost, the room that they took is given back. */
  async #unsaved(queryId: string, answer: Answer): Promise<StoredResult> {
    const told = unsaved(answer);
    if (told.result.status === 'failed')
      await this.#parts.store
        .save(queryId, { ...answer, result: told.result })
        .catch((error: unknown) =>
          this.#parts.log.error('result not saved', { queryId, why: errorBody(error).message }),
        );
    return told;
  }

  /** One that cannot go on: its user finds out why, and nobody waits for it. */
  async #fail(spec: QuerySpec, error: ErrorBody): Promise<void> {
    const result = unstartedAnswer(spec, error);
    try {
      await this.#parts.store.save(spec.queryId, { result, increments: () => [], release: () => {} });
      this.#recall(spec.queryId);
    } catch (cause) {
      this.#parts.log.error('result not saved', { query: spec.query, why: errorBody(cause).message });
    }
  }

  /** For `proof queries`, while it runs. */
  #recordNowAndThen(run: QueryRun): void {
    const now = this.#parts.clock.now();
    if (run.isOver || now - this.#recordedAt < RECORD_MS) return;
    this.#recordedAt = now;
    this.#record(run);
  }
  #record(run: QueryRun, endedAt: number | null = null): void {
    const { query, title, queryId, submittedAt } = run.spec;
    const record = { query, title, state: run.state, entries: run.entries(), submittedAt, endedAt };
    this.#records.set(queryId, record);
    this.#parts.onRecord(record);
  }
  /** @returns undefined as well for one that is damaged: the session's other queries go on */
  #summary(queryId: string): QueryResult | undefined {
    try {
      return this.#parts.store.summary(queryId);
    } catch (error) {
      this.#parts.log.error('a kept result is damaged', { queryId, why: errorBody(error).message });
      return undefined;
    }
  }
  /** A query that ended in an earlier life of this master. */
  #recall(queryId: string): void {
    const result = this.#summary(queryId);
    if (result === undefined) return;
    const { query, title, status: state, entries } = result;
    const at = this.#parts.store.endedAt(queryId);
    this.#records.set(queryId, { query, title, state, entries, submittedAt: at, endedAt: at });
  }
}

/** Told from memory, where it fits into a message. */
function unsaved({ result, increments }: Answer): StoredResult {
  const parts: Uint8Array[] = [];
  let nbytes = 0;
  try {
    for (const part of packedState(increments())) {
      parts.push(part);
      nbytes += part.length;
      if (nbytes > MOST_INLINE_BYTES)
        throw new ResultNotKeptError(
          "The query's outputs are too long for memory, and the ProxyServer's disk did not take them. Make room there and run it again.",
        );
    }
    return { result, state: Buffer.concat(parts) };
  } catch (error) {
    return { result: { ...result, status: 'failed', error: errorBody(error) }, state: new Uint8Array() };
  }
}
