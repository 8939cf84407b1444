/** The HTTP side's end of a store thread: calls that answer once, and streams of lines with back-pressure. */
import { Worker } from 'node:worker_threads';
import { RemoteError } from '../../protocol/errors.js';
import type { BulkReport } from '../operations/bulk.js';
import type { Caller } from '../permissions.js';
import type { NewOwner } from '../store/database.js';
import type { Reply, Request, Streams, ThreadRole, Writes } from './calls.js';

interface Waiting {
  readonly answer: (value: unknown) => void;
  readonly fail: (error: Error) => void;
  readonly lines?: (chunk: Uint8Array, n: number) => void;
}

export class StoreThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => this.#receive(reply));
    worker.on('error', (error) => this.#end(error as Error));
    worker.on('exit', (code) => this.#end(new Error(`The catalog's store thread ended with ${code}.`)));
  }

  /** @throws what opening the file throws, e.g. CATALOG_FOREIGN_DATABASE */
  static async start(path: string, role: ThreadRole, root: NewOwner): Promise<StoreThread> {
    const worker = new Worker(new URL('./store-thread.js', import.meta.url), { workerData: { path, role, root } });
    const thread = new StoreThread(worker);
    await new Promise<unknown>((answer, fail) => thread.#waiting.set(0, { answer, fail }));
    return thread;
  }

  write<N extends keyof Writes>(
    name: N,
    caller: Caller,
    args: Parameters<Writes[N]>[2],
  ): Promise<ReturnType<Writes[N]>> {
    return this.#call({ do: 'write', name, caller, args }) as Promise<ReturnType<Writes[N]>>;
  }

  /** Chunks of whole lines (newline behind each). Leaving the loop early stops the search. */
  async *stream<N extends keyof Streams>(
    name: N,
    caller: Caller,
    args: Parameters<Streams[N]>[2],
  ): AsyncGenerator<{ chunk: Uint8Array; n: number }> {
    const id = ++this.#lastId;
    const ready: { chunk: Uint8Array; n: number }[] = [];
    let wake = (): void => undefined;
    let isDone = false;
    let failure: Error | undefined;
    const end = (error?: Error): void => {
      isDone = true;
      failure = error;
      wake();
    };
    this.#send(
      { id, do: 'stream', name, caller, args },
      {
        answer: () => end(),
        fail: end,
        lines: (chunk, n) => {
          ready.push({ chunk, n });
          wake();
        },
      },
    );
    try {
      for (;;) {
        const next = ready.shift();
        if (next !== undefined) {
          yield next;
          this.#post({ id, do: 'more' });
        } else if (failure !== undefined) throw failure;
        else if (isDone) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      if (!isDone) this.#post({ id, do: 'cancel' });
      this.#waiting.delete(id);
    }
  }

  /** Registers a list of any length as it arrives; a piece is taken when the one before is done. */
  async bulk(
    caller: Caller,
    options: { format: 'jsonl' | 'csv'; name: string },
    pieces: AsyncIterable<Uint8Array>,
  ): Promise<BulkReport> {
    const of = this.#lastId + 1;
    await this.#call({ do: 'bulk', caller, ...options });
    try {
      for await (const bytes of pieces) await this.#call({ do: 'feed', of, bytes });
    } catch (error) {
      await this.#call({ do: 'abandon', of });
      throw error;
    }
    return (await this.#call({ do: 'end', of })) as BulkReport;
  }

  async stop(): Promise<void> {
    if (this.#dead === undefined) await this.#call({ do: 'stop' });
    await this.#worker.terminate();
  }

  #call(request: Record<string, unknown> & { do: string }): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((answer, fail) => this.#send({ ...request, id } as Request, { answer, fail }));
  }

  #send(request: Request, waiting: Waiting): void {
    if (this.#dead !== undefined) {
      waiting.fail(this.#dead);
      return;
    }
    this.#waiting.set(request.id, waiting);
    this.#post(request);
  }

  #post(request: Request): void {
    if (this.#dead === undefined) this.#worker.postMessage(request);
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ('lines' in reply) {
      waiting.lines?.(reply.lines, reply.n);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting.fail(new RemoteError(reply.error.code, reply.error.message));
    else waiting.answer(reply.value);
  }

  #end(error: Error): void {
    this.#dead ??= error;
    for (const { fail } of this.#waiting.values()) fail(this.#dead);
    this.#waiting.clear();
  }
}
