/**
 * Entry of a store thread: a connection of its own to the catalog's file, so that a long write or search never holds up the
 * thread that answers HTTP. It speaks Request and Reply (calls.ts) and nothing else.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { errorBody, UsageError } from '../../protocol/errors.js';
import { BulkRegistration } from '../operations/bulk.js';
import { purgeSlice } from '../operations/removal.js';
import type { Caller } from '../permissions.js';
import { type NewOwner, openDatabase, openReader, storeError } from '../store/database.js';
import { Stores } from '../store/stores.js';
import { type Reply, type Request, STREAMS, type ThreadRole, WRITES } from './calls.js';

const { path, role, root } = workerData as { path: string; role: ThreadRole; root: NewOwner };
const port = parentPort!;
/** Linux has a priority for each thread: where cores are short, a long registration leaves them to those who answer questions. */
const WRITER_NICE = 10;
if (role === 'writer' && process.platform === 'linux') setPriority(0, WRITER_NICE);
const db = openOrTell();
const stores = new Stores(db);
const bulks = new Map<number, BulkRegistration>();
const streams = new Map<number, LineStream>();
/** A slice of a search or of a purge lasts about so long before others get their turn. */
const SLICE_MS = 10;
const SLICE_BYTES = 64 * 1024;
const PURGE_ROWS = 500;

/** An error would lose its code on the way out of a thread: it is told as an answer to the start. */
function openOrTell(): ReturnType<typeof openDatabase> {
  try {
    return role === 'writer' ? openDatabase(path, root, Date.now()) : openReader(path);
  } catch (error) {
    port.postMessage({ id: 0, error: errorBody(error) } satisfies Reply);
    process.exit(); // ends this thread only
  }
}

/** One running search: makes lines while its reader wants more. */
class LineStream {
  /** Slices that the reader has asked for and not got. */
  #wanted = 1;
  #isRunning = false;
  constructor(
    readonly id: number,
    readonly lines: Iterator<string>,
  ) {}

  more(): void {
    this.#wanted++;
    this.#go();
  }

  #go(): void {
    if (this.#isRunning || this.#wanted === 0 || !streams.has(this.id)) return;
    this.#isRunning = true;
    setImmediate(() => {
      this.#isRunning = false;
      if (!streams.has(this.id)) return;
      answering(this.id, () => this.#slice());
      this.#go();
    });
  }

  #slice(): void {
    const until = performance.now() + SLICE_MS;
    const parts: string[] = [];
    let size = 0;
    let isDone = false;
    while (size < SLICE_BYTES && performance.now() < until) {
      const next = this.lines.next();
      if (next.done === true) {
        isDone = true;
        break;
      }
      parts.push(next.value);
      size += next.value.length;
    }
    if (parts.length > 0) {
      this.#wanted--;
      const lines = new TextEncoder().encode(`${parts.join('\n')}\n`);
      port.postMessage({ id: this.id, lines, n: parts.length } satisfies Reply, [lines.buffer]);
    }
    if (!isDone) return;
    streams.delete(this.id);
    port.postMessage({ id: this.id, value: null } satisfies Reply);
  }
}

/** Runs one thing on behalf of a call; what it throws becomes the answer. */
function answering(id: number, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    streams.delete(id);
    const error = storeError(thrown, path);
    const { code, message } = errorBody(error);
    const stack = code === 'INTERNAL' && error instanceof Error ? `\n${error.stack ?? ''}` : '';
    port.postMessage({ id, error: { code, message: message + stack } } satisfies Reply);
  }
}

type AnyWrite = (at: { stores: Stores; nowMs: number }, caller: Caller, args: unknown) => unknown;
type AnyStream = (stores: Stores, caller: Caller, args: unknown) => Iterator<string>;

function handle(request: Request): void {
  switch (request.do) {
    case 'write': {
      const operation = (WRITES as unknown as Record<string, AnyWrite | undefined>)[request.name];
      if (operation === undefined) throw new UsageError(`no operation ${request.name}`);
      const value = stores.write(() =>
        operation({ stores, nowMs: Date.now() }, request.caller as Caller, request.args),
      );
      port.postMessage({ id: request.id, value } satisfies Reply);
      if (request.name === 'rm') purge();
      return;
    }
    case 'stream': {
      const operation = (STREAMS as unknown as Record<string, AnyStream | undefined>)[request.name];
      if (operation === undefined) throw new UsageError(`no stream ${request.name}`);
      stores.refresh();
      const lines = operation(stores, request.caller as Caller, request.args);
      const stream = new LineStream(request.id, lines);
      streams.set(request.id, stream);
      stream.more();
      return;
    }
    case 'bulk':
      bulks.set(request.id, new BulkRegistration(stores, request.caller, { ...request, now: Date.now }));
      port.postMessage({ id: request.id, value: null } satisfies Reply);
      return;
    case 'feed':
      bulks.get(request.of)?.feed(request.bytes);
      port.postMessage({ id: request.id, value: null } satisfies Reply);
      return;
    case 'end': {
      const report = bulks.get(request.of)?.end();
      bulks.delete(request.of);
      port.postMessage({ id: request.id, value: report } satisfies Reply);
      return;
    }
    case 'abandon':
      bulks.delete(request.of);
      port.postMessage({ id: request.id, value: null } satisfies Reply);
      return;
    case 'more':
      streams.get(request.id)?.more();
      return;
    case 'cancel':
      streams.delete(request.id);
      return;
    case 'stop':
      db.close();
      port.postMessage({ id: request.id, value: null } satisfies Reply);
      port.close();
  }
}

/** Deletes what was removed, a slice a turn, so that other writes come in between. */
let isPurging = false;
function purge(): void {
  if (isPurging) return;
  isPurging = true;
  const slice = (): void => {
    isPurging = db.open && stores.write(() => purgeSlice(stores, PURGE_ROWS));
    if (isPurging) setImmediate(slice);
  };
  setImmediate(slice);
}

port.on('message', (request: Request) => answering(request.id, () => handle(request)));
if (role === 'writer') purge();
port.postMessage({ id: 0, value: null } satisfies Reply);
