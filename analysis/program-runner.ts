/**
 * Runs packets of a program: on a worker, and in the client's own process for `--local`.
 *
 * One runner serves one query in one process. `run` processes the entries of a packet; what a packet that ends well has filled
 * waits in the outputs until `takeIncrement`; a packet that throws leaves no trace in them. Columns are read in batches of whole
 * clusters. Between batches the event loop gets its turn, so that a stop is heard.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { pairsSize, pairsWithin } from '../protocol/entry-list.js';
import { GridError } from '../protocol/errors.js';
import type { ColumnData, Table } from '../rootio/table.js';
import { Batch } from './batch.js';
import { batchesOf, type EntryRange, piecesOf } from './batches.js';
import { ColumnSet, withPathHint } from './column-set.js';
import { sliceColumn } from './column-slice.js';
import { EntryListError, UserCodeError } from './errors.js';
import { encodeIncrement, type IncrementPart } from './increment.js';
import type { LoadedProgram } from './load-program.js';
import { AFTER_ALL, BEFORE_ALL, type Output, type PacketRange } from './outputs/output.js';
import { type InputFile, type Position, Selector, type SelectorContext } from './selector.js';

export interface Packet {
  /** Of the file in the data set. */
  readonly filePosition: number;
  /** For messages and `init`. */
  readonly file: string;
  readonly first: number;
  readonly end: number;
  /** Of these the entries that are meant, as pairs (protocol/entry-list.ts); undefined: all. */
  readonly only?: readonly number[] | undefined;
  /** May end at any entry behind the first once it has run for so long; opening, the first read and the first entry do not count. */
  readonly mostMs?: number | undefined;
}

export interface OpenTable {
  readonly table: Table;
  close(): Promise<void> | void;
}

export interface RunnerOptions extends SelectorContext {
  /** Called once for each change of file. */
  openTable(packet: Packet): Promise<OpenTable>;
}

export interface PacketReport {
  /** Fewer than were asked for where the packet ended early. */
  readonly entries: number;
  /** Compressed bytes read. */
  readonly bytes: number;
  /** Of this process, user and system. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface OpenFile extends OpenTable {
  readonly filePosition: number;
  readonly columns: ColumnSet;
  readonly info: InputFile;
}

/** What is loaded at once, and the entries of it to process. */
interface Load extends EntryRange {
  readonly runs: readonly EntryRange[];
}

/** A batch of an entry list reaches from its first entry in it to its last; one without any is not loaded. */
function batchesFor({ clusters }: Table, { first, end, only }: Packet): readonly Load[] {
  const batches = batchesOf(clusters, first, end);
  if (only === undefined) return batches.map((batch) => ({ ...batch, runs: [batch] }));
  return batches.flatMap((batch) => {
    const pairs = pairsWithin(only, batch.first, batch.end);
    if (pairs.length === 0) return [];
    const runs = Array.from({ length: pairs.length / 2 }, (_, i) => ({ first: pairs[2 * i]!, end: pairs[2 * i + 1]! }));
    return [{ first: pairs[0]!, end: pairs.at(-1)!, runs }];
  });
}

/** At most this long without a turn of the event loop (between batches). */
const TURN_AFTER_MS = 20;

/** Counts from the first time that it is asked: behind the first piece. */
function timeLimit(mostMs: number | undefined): () => boolean {
  if (mostMs === undefined) return () => false;
  let latest: number | undefined;
  return () => {
    latest ??= performance.now() + mostMs;
    return performance.now() > latest;
  };
}

export class ProgramRunner {
  readonly #loaded: LoadedProgram;
  readonly #options: RunnerOptions;
  readonly #selector: Selector;
  readonly #position: Position;
  readonly #outputs: readonly Output[];
  readonly #announced = new Set<Output>();
  #hasBegun = false;
  #file: OpenFile | undefined;
  /** Of the file that was opened last. */
  #columns: ColumnSet | undefined;
  #next: { filePosition: number; file: Promise<OpenFile> } | undefined;

  /** @throws {UserCodeError} where the selector's constructor throws */
  constructor(loaded: LoadedProgram, options: RunnerOptions) {
    this.#loaded = loaded;
    this.#options = options;
    const { params, inputs, seed } = options;
    this.#selector = this.#guarded('constructor()', null, () => loaded.create({ params, inputs, seed }));
    this.#position = Selector.positionOf(this.#selector);
    this.#outputs = [...Selector.outputsOf(this.#selector).values()];
  }

  /**
   * Processes the entries [first, end) of the packet's file.
   * @throws {UserCodeError} with the entry, where user code throws; what opening and reading throw. Nothing of the packet remains.
   */
  async run(packet: Packet, signal?: AbortSignal): Promise<PacketReport> {
    const started = performance.now();
    const cpu = process.cpuUsage();
    await this.#begin();
    try {
      const file = await this.#enter(packet);
      const bytesBefore = file.columns.reader.bytesRead;
      const end = await this.#loop(file, packet, signal);
      this.#commit({ ...packet, end });
      const { user, system } = process.cpuUsage(cpu);
      return {
        entries:
          packet.only === undefined ? end - packet.first : pairsSize(pairsWithin(packet.only, packet.first, end)),
        bytes: file.columns.reader.bytesRead - bytesBefore,
        cpuMs: (user + system) / 1000,
        wallMs: performance.now() - started,
      };
    } catch (error) {
      for (const output of this.#allOutputs()) output.rollback();
      throw error;
    }
  }

  /** Opens the next packet's file and starts fetching its first batch, while another packet runs. Errors wait for `run`. */
  prepare(packet: Packet): void {
    if (this.#file?.filePosition === packet.filePosition) this.#prefetch(this.#file, packet);
    else if (this.#next?.filePosition !== packet.filePosition) {
      this.#dropNext();
      const file = this.#open(packet);
      this.#next = { filePosition: packet.filePosition, file };
      file.then((opened) => this.#prefetch(opened, packet)).catch(() => undefined); // `run` awaits the same promise
    }
  }

  /** About how long the next increment will be, where rows make it long: take it before it is too long for a frame. */
  get pendingBytes(): number {
    return this.#allOutputs().reduce((sum, output) => sum + output.pendingBytes, 0);
  }

  /** What whole packets have added since the last time. The first one names every output. */
  takeIncrement(): Uint8Array {
    const parts: IncrementPart[] = [];
    this.#allOutputs().forEach((output, order) => {
      const part = output.take() ?? null;
      if (part === null && this.#announced.has(output)) return;
      this.#announced.add(output);
      parts.push({ declaration: output.declaration, order, part });
    });
    return encodeIncrement(parts);
  }

  /** The worker's end of the query: `workerTerminate`. What it fills is in one more increment, undefined for nothing. */
  async finish(): Promise<Uint8Array | undefined> {
    if (!this.#hasBegun) return undefined;
    await this.#guardedAsync('workerTerminate()', () => this.#selector.workerTerminate());
    this.#commit(AFTER_ALL);
    const parts = this.#allOutputs().flatMap((output, order): IncrementPart[] => {
      const part = output.take();
      return part === undefined ? [] : [{ declaration: output.declaration, order, part }];
    });
    return parts.length === 0 ? undefined : encodeIncrement(parts);
  }

  async close(): Promise<void> {
    this.#dropNext();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    await this.#guardedAsync('workerBegin()', () => this.#selector.workerBegin());
    this.#commit(BEFORE_ALL);
    this.#hasBegun = true;
  }

  async #enter(packet: Packet): Promise<OpenFile> {
    if (this.#file?.filePosition === packet.filePosition) return this.#file;
    await this.#file?.close();
    this.#file = undefined;
    const prepared = this.#next?.filePosition === packet.filePosition ? this.#next.file : undefined;
    if (prepared !== undefined) this.#next = undefined;
    const file = await (prepared ?? this.#open(packet));
    this.#file = file;
    this.#selector.file = file.info;
    this.#selector.columns = file.columns.accessors;
    this.#position.filePosition = packet.filePosition;
    this.#position.entry = -1;
    await this.#guardedAsync('init()', () => this.#selector.init(file.info));
    return file;
  }

  async #open(packet: Packet): Promise<OpenFile> {
    const opened = await this.#options.openTable(packet);
    try {
      const { table } = opened;
      const columns = new ColumnSet(table, this.#selector.branches, packet.file, this.#columns);
      this.#columns = columns;
      const info = { position: packet.filePosition, name: packet.file, entries: table.entries, tree: table.name };
      return { table, close: () => opened.close(), filePosition: packet.filePosition, columns, info };
    } catch (error) {
      await opened.close();
      throw withPathHint(error, opened.table, Selector.divisionsOf(this.#selector));
    }
  }

  /** @returns the entry before which it ended: that of the packet, or an earlier one when its time was up */
  async #loop({ table, columns }: OpenFile, packet: Packet, signal: AbortSignal | undefined): Promise<number> {
    if (packet.only !== undefined && packet.end > table.entries)
      throw new EntryListError(packet.file, packet.end - 1, table.entries);
    const batches = batchesFor(table, packet);
    const isOver = timeLimit(packet.mostMs);
    let lastTurn = performance.now();
    for (let b = 0; b < batches.length; b++) {
      const { first, end, runs } = batches[b]!;
      const next = batches[b + 1];
      const loading = columns.reader.load(first, end);
      if (loading !== undefined) await loading;
      if (next !== undefined) columns.reader.prefetch(next.first, next.end);
      columns.bind(first);
      for (const run of runs)
        for (const piece of packet.mostMs === undefined ? [run] : piecesOf(run)) {
          this.#process(columns, first, end, piece);
          if (isOver()) return piece.end;
        }
      if (performance.now() - lastTurn > TURN_AFTER_MS) {
        await turn();
        lastTurn = performance.now();
      }
      signal?.throwIfAborted();
    }
    return packet.end;
  }

  /** @param run the entries to process of [loaded, loadedEnd), which are loaded */
  #process(columns: ColumnSet, loaded: number, loadedEnd: number, { first, end }: EntryRange): void {
    const selector = this.#selector;
    const position = this.#position;
    if (selector.processBatch !== undefined) {
      const random = (entry: number) => {
        position.entry = entry;
        return selector.random;
      };
      const isWhole = first === loaded && end === loadedEnd;
      const column = (name: string): ColumnData =>
        isWhole ? columns.data(name) : sliceColumn(columns.data(name), first - loaded, end - loaded);
      const batch = new Batch(first, end, { column, random });
      const only = end - first === 1 ? first : null;
      this.#guarded('processBatch()', only, () => selector.processBatch?.(batch));
      return;
    }
    if (selector.process === undefined) return;
    try {
      for (let entry = first; entry < end; entry++) {
        position.entry = entry;
        selector.process(entry);
      }
    } catch (cause) {
      throw this.#userError('process()', position.entry, cause);
    }
  }

  /** All outputs or none. */
  #commit(packet: PacketRange): void {
    for (const output of this.#allOutputs())
      this.#guarded(`the output ${output.name}`, null, () => output.prepare(packet));
    for (const output of this.#allOutputs()) output.commit(packet);
  }

  #prefetch({ table, columns }: OpenFile, packet: Packet): void {
    const batch = batchesFor(table, packet)[0];
    if (batch !== undefined) columns.reader.prefetch(batch.first, batch.end);
  }

  #dropNext(): void {
    this.#next?.file.then((file) => file.close()).catch(() => undefined); // nobody will use it
    this.#next = undefined;
  }

  /** Those declared in the constructor, then those of `workerBegin`. */
  #allOutputs(): readonly Output[] {
    const all = Selector.outputsOf(this.#selector);
    return all.size === this.#outputs.length ? this.#outputs : [...all.values()];
  }

  #guarded<T>(step: string, entry: number | null, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw this.#userError(step, entry, cause);
    }
  }

  async #guardedAsync(step: string, call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (cause) {
      throw this.#userError(step, null, cause);
    }
  }

  #userError(step: string, entry: number | null, cause: unknown): GridError {
    const { stack, program } = this.#loaded;
    if (program.kind === 'draw' && cause instanceof GridError) return cause; // our own code, and its own sentence
    const at = entry === null ? `in ${step}` : `at entry ${entry}`;
    return new UserCodeError(`${program.name} ${at}: ${stack.describe(cause)}`, entry, stack.translate(cause), {
      cause,
    });
  }
}
