/**
 * A query in this process, without a server: `--local`. The same runner and merger as on workers and master, so the same bits.
 *
 * Failing entries are set aside one by one, as the master does: a packet that throws at an entry is run again around it; one
 * that throws without telling the entry is halved until it does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserCodeError } from '../../analysis/errors.js';
import { loadProgram } from '../../analysis/load-program.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import type { FileChunkStore } from '../../analysis/outputs/file-chunk-store.js';
import { PackageSetUp } from '../../analysis/packages/package-set-up.js';
import { type Packet, ProgramRunner } from '../../analysis/program-runner.js';
import { pairsWithin } from '../../protocol/entry-list.js';
import { type ErrorBody, errorBody, GridError } from '../../protocol/errors.js';
import type { QueryState } from '../../protocol/ids.js';
import { endStatus, nothingDone, nothingRead, tooManyFailures } from '../../protocol/query-end.js';
import type { EntryCounts, QueryResult } from '../../protocol/session-messages.js';
import type { ClientPackage } from '../packages/find-packages.js';
import { rowStore } from './finish.js';
import { entriesIn, type FilePart, type LocalFile, openTable, type PlacedFiles, placeFiles } from './local-files.js';
import { PacketLength, packetRanges } from './packet-ranges.js';
import type { QueryObserver, QueryOutcome, QueryRequest } from './query-request.js';

/** Not one file of the data set could be read. */
export class NothingReadError extends GridError {
  readonly code = 'CLIENT_NOTHING_READ';
}
/** Not one entry could be processed, although files could be read. */
export class NothingDoneError extends GridError {
  readonly code = 'CLIENT_NOTHING_DONE';
}
/** More entries failed than the query allows. */
export class TooManyFailuresError extends GridError {
  readonly code = 'CLIENT_TOO_MANY_FAILURES';
}

export type LookUp = (request: QueryRequest) => Promise<readonly LocalFile[]>;

/** @throws what the look-up throws; everything later is told by the result */
export async function runLocal(
  request: QueryRequest,
  lookUp: LookUp,
  observer: QueryObserver = {},
  signal?: AbortSignal,
): Promise<QueryOutcome> {
  const started = performance.now();
  const files = await lookUp(request);
  const lookupMs = performance.now() - started;
  observer.lookup?.({ stage: 'located', files: files.length, done: 0, missing: 0 });
  const placed = await placeFiles(files, request);
  const { missing } = placed;
  const placedMs = performance.now() - started;
  observer.lookup?.({ stage: 'validated', files: files.length, done: files.length, missing: missing.length });
  const run = new LocalRun(request, placed, observer, signal);
  const end = await run.process();
  const totalMs = performance.now() - started;
  const timing = {
    openMs: placedMs - lookupMs,
    lookupMs,
    processMs: totalMs - placedMs,
    mergeMs: run.mergeMs,
    totalMs,
  };
  return run.outcome(end, timing);
}

/** How processing came to its end. */
type End = { readonly stopped: boolean; readonly error: (ErrorBody & { stack?: string }) | null };

class LocalRun {
  mergeMs = 0;
  readonly #request: QueryRequest;
  readonly #parts: readonly FilePart[];
  readonly #observer: QueryObserver;
  readonly #signal: AbortSignal | undefined;
  readonly #rows: FileChunkStore;
  readonly #merger: OutputMerger;
  readonly #started = performance.now();
  readonly #length = new PacketLength();
  readonly #failures: QueryResult['failures'] = [];
  readonly #missing: QueryResult['missingFiles'];
  readonly #total: number;
  /** False when a file is missing whose entries nobody knows. */
  readonly #isTotalKnown: boolean;
  readonly #worker = { name: '0', host: hostname(), site: 'local', packets: 0, entries: 0, bytes: 0, cpuMs: 0 };

  constructor(
    request: QueryRequest,
    { parts, missing, lost, isTotalKnown }: PlacedFiles,
    observer: QueryObserver,
    signal: AbortSignal | undefined,
  ) {
    this.#request = request;
    this.#parts = parts;
    this.#missing = missing;
    this.#observer = observer;
    this.#signal = signal;
    this.#rows = rowStore(request.rowDirectory);
    this.#merger = new OutputMerger({ chunks: this.#rows });
    this.#total = parts.reduce((sum, part) => sum + entriesIn(part), lost);
    this.#isTotalKnown = isTotalKnown;
  }

  async process(): Promise<End> {
    const { program, params, inputs, seed } = this.#request;
    const files = new Map(this.#parts.map((part) => [part.position, part.file]));
    let runner: ProgramRunner | undefined;
    let packageFolder: string | undefined;
    try {
      packageFolder = await setUpHere(this.#request.packages ?? []);
      runner = new ProgramRunner(await loadProgram(program), {
        ...{ params, inputs: { ...inputs }, seed },
        openTable: ({ filePosition }) => openTable(files.get(filePosition)!),
      });
      for (const part of this.#parts)
        for (const [first, end] of packetRanges(part, this.#length)) {
          const began = performance.now();
          await this.#runRange(runner, {
            ...{ filePosition: part.position, file: part.file.name },
            first,
            end,
            only: part.only,
          });
          this.#length.learn(end - first, performance.now() - began);
          this.#merge(runner.takeIncrement());
          this.#tell();
        }
      const last = await runner.finish();
      if (last !== undefined) this.#merge(last);
      return { stopped: false, error: null };
    } catch (error) {
      if (this.#signal?.aborted) return { stopped: true, error: null };
      if (!(error instanceof GridError)) throw error;
      const stack = error instanceof UserCodeError ? { stack: error.userStack } : {};
      return { stopped: false, error: { ...errorBody(error), ...stack } };
    } finally {
      await runner?.close();
      if (packageFolder !== undefined) rmSync(packageFolder, { recursive: true, force: true });
    }
  }

  /** Runs it, around the entries that fail. */
  async #runRange(runner: ProgramRunner, wide: Packet): Promise<void> {
    const packet = narrowed(wide);
    if (packet === undefined) return;
    const { first, end } = packet;
    try {
      const report = await runner.run(packet, this.#signal);
      this.#worker.packets++;
      this.#worker.entries += report.entries;
      this.#worker.bytes += report.bytes;
      this.#worker.cpuMs += report.cpuMs;
    } catch (error) {
      if (this.#signal?.aborted || !(error instanceof GridError)) throw error;
      if (!(error instanceof UserCodeError)) await this.#unreadable(runner, packet, error);
      else if (entriesIn(packet) === 1) this.#setAside(packet, error);
      else {
        const middle = error.entry === null ? [first + Math.floor((end - first) / 2)] : [error.entry, error.entry + 1];
        const borders = [first, ...middle.filter((at) => at > first && at < end), end];
        for (let i = 1; i < borders.length; i++)
          await this.#runRange(runner, { ...packet, first: borders[i - 1]!, end: borders[i]! });
      }
    }
  }

  #setAside({ file, first, end }: Packet, error: UserCodeError): void {
    this.#failures.push({ file, first, end, entry: first, attempts: 1, error: error.message, stack: error.userStack });
    // What fails in its constructor or workerBegin fails for every entry.
    if (error.entry === null) throw error;
    const { maxFailures } = this.#request;
    if (this.#failures.length > maxFailures)
      throw new TooManyFailuresError(tooManyFailures(this.#failures.length, maxFailures, this.#failures[0]!));
  }

  /** Only the clusters that cannot be read are lost, as on the pool. */
  async #unreadable(runner: ProgramRunner, packet: Packet, error: GridError): Promise<void> {
    if (USERS_MISTAKES.includes(error.code)) throw error;
    const { first, end, file, filePosition } = packet;
    const { clusters } = this.#parts.find(({ position }) => position === filePosition)!;
    const borders = [first, ...clusters.filter((at) => at > first && at < end), end];
    if (borders.length > 2)
      for (let i = 1; i < borders.length; i++)
        await this.#runRange(runner, { ...packet, first: borders[i - 1]!, end: borders[i]! });
    else if (!this.#missing.some((missing) => missing.file === file))
      this.#missing.push({ file, error: error.message });
  }

  #merge(increment: Uint8Array): void {
    const started = performance.now();
    this.#merger.add(increment);
    this.mergeMs += performance.now() - started;
  }

  #counts(): EntryCounts {
    const done = this.#worker.entries;
    const failed = this.#failures.length;
    if (!this.#isTotalKnown) return { total: null, done, failed, missing: null };
    return { total: this.#total, done, failed, missing: this.#total - done - failed };
  }

  #tell(): void {
    const elapsedMs = performance.now() - this.#started;
    const { entries, bytes } = this.#worker;
    const entriesPerS = (entries / elapsedMs) * 1000;
    const counts = this.#counts();
    this.#observer.progress?.({
      // While it runs, what is still to come is not missing.
      entries: { ...counts, missing: counts.missing === null ? null : 0 },
      bytes,
      elapsedMs,
      entriesPerS,
      bytesPerS: (bytes / elapsedMs) * 1000,
      leftMs: entries === 0 ? null : ((this.#total - entries - counts.failed) / entriesPerS) * 1000,
      workers: 1,
    });
  }

  /** Why it failed, where nothing broke it off. */
  #nothingDone(): ErrorBody & { stack?: string } {
    const [first] = this.#failures;
    if (first === undefined) return errorBody(new NothingReadError(nothingRead(this.#missing)));
    return {
      ...errorBody(new NothingDoneError(nothingDone(first))),
      ...(first.stack === null ? {} : { stack: first.stack }),
    };
  }

  outcome({ stopped, error }: End, timing: QueryResult['timing']): QueryOutcome {
    const entries = this.#counts();
    const { title, program, params, inputs, seed } = this.#request;
    const { kind, name, sha256 } = program;
    const judged = endStatus(entries, this.#missing.length);
    const status: QueryState = error !== null ? 'failed' : stopped ? 'stopped' : judged;
    const failure = error ?? (status === 'failed' ? this.#nothingDone() : null);
    return {
      result: {
        query: `${hostname()}-${Date.now()}-${process.pid}:q1`,
        title,
        program: { kind, name, sha256 },
        params: { ...params },
        inputs: { ...inputs },
        seed,
        status,
        entries,
        failures: this.#failures,
        failuresLeftOut: 0,
        missingFiles: this.#missing,
        timing,
        workers: [this.#worker],
        error: failure,
        bytes: this.#worker.bytes,
      },
      state: { chunks: this.#rows, increments: () => this.#merger.encode('handles') },
    };
  }
}

/** In a temporary directory, which the caller removes. @throws {PackageBuildError} */
async function setUpHere(packages: readonly ClientPackage[]): Promise<string | undefined> {
  if (packages.length === 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'proof-packages-'));
  try {
    const setUp = new PackageSetUp(folder, hostname());
    for (const { ref, archive } of packages) await setUp.setUp(ref, async () => archive);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** With an entry list: from the first entry that is meant to the last; undefined where none is. */
function narrowed(packet: Packet): Packet | undefined {
  if (packet.only === undefined) return packet;
  const only = pairsWithin(packet.only, packet.first, packet.end);
  const [first, end] = [only[0], only.at(-1)];
  return first === undefined || end === undefined ? undefined : { ...packet, first, end, only };
}

/** A branch that does not exist, or is no number where one is drawn, is no missing file: the selector or expression has to be mended. */
const USERS_MISTAKES: readonly string[] = [
  'ANALYSIS_NO_SUCH_BRANCH',
  'ANALYSIS_COLUMN',
  'ANALYSIS_DRAW_EXPRESSION',
  'ANALYSIS_ENTRY_LIST',
  'ROOT_NO_SUCH_COLUMN',
  'ROOT_COLUMN_TYPE',
];
