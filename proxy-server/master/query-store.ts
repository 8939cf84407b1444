/**
 * What a session keeps on disk, under its directory: `programs/SHA256`, and for each query `qN/` with query.json, files.json (its data set), packets,
 * then a journal with the file of rows, at last result.json and state.bin.
 * A result is complete or not there: both files are written under other names, and result.json is renamed last. Each is known to be what was
 * written, and of that query (analysis/kept-state.ts).
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAnswer, checkOwner, keptState, openState, STATE_HEAD_BYTES } from '../../analysis/kept-state.js';
import { packState } from '../../analysis/merged-state.js';
import { RowFile } from '../../analysis/outputs/row-file.js';
import { checked, parseJson } from '../../protocol/check.js';
import { GridError } from '../../protocol/errors.js';
import { splitQueryRef } from '../../protocol/ids.js';
import { MOST_INLINE_BYTES, type QueryResult, queryResult } from '../../protocol/session-messages.js';
import { Journal } from './journal.js';
import type { JournalFile } from './journal-records.js';
import { PacketLog } from './packet-log.js';
import { type QuerySpec, querySpecShape } from './query-spec.js';

/** The code that came is not the code that was announced. */
export class WrongProgramError extends GridError {
  readonly code = 'MASTER_WRONG_PROGRAM';
}

/** An answer as a query leaves it. */
export interface Answer {
  readonly result: QueryResult;
  /** The merged outputs, rows and all: more than memory may hold. */
  increments(): Iterable<Uint8Array>;
  /** Nobody reads them any more. */
  release(): void;
}
export interface StoredResult {
  readonly result: QueryResult;
  /** Packed as in analysis/merged-state.ts; null: too long for a message. */
  readonly state: Uint8Array | null;
}

export class QueryStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(join(directory, 'programs'), { recursive: true, mode: 0o700 });
  }

  /** Numbers of the queries that have a folder, ascending. */
  numbers(): number[] {
    return readdirSync(this.#directory)
      .flatMap((name) => (/^q\d+$/.test(name) ? [Number(name.slice(1))] : []))
      .sort((a, b) => a - b);
  }

  /** Queries that were accepted and have no result, in the order of their submission: their master died. */
  unfinished(): QuerySpec[] {
    return this.specs().filter(({ queryId }) => !existsSync(join(this.#directory, queryId, 'result.json')));
  }
  /** Of all queries, finished ones too. */
  specs(): QuerySpec[] {
    return this.numbers().flatMap((n) => {
      const path = join(this.#directory, `q${n}`, 'query.json');
      return existsSync(path) ? [checked(querySpecShape, parseJson(readFileSync(path, 'utf8'), path), path)] : [];
    });
  }
  /** Its session is for its queries alone: milliseconds that it waits for a client after them. A master that is started again must know. */
  get oneOffAfterMs(): number | undefined {
    const path = join(this.#directory, 'one-off');
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) || 0 : undefined;
  }
  markOneOff(afterMs: number): void {
    writeFileSync(join(this.#directory, 'one-off'), String(afterMs));
  }
  async saveSpec(spec: QuerySpec): Promise<void> {
    await mkdir(join(this.#directory, spec.queryId), { recursive: true, mode: 0o700 });
    await replaceFile(join(this.#directory, spec.queryId, 'query.json'), JSON.stringify(spec));
  }
  /** Which packets it gave out: for `proof replay`. */
  openPackets(queryId: string, onError: (why: string) => void): Promise<PacketLog> {
    return PacketLog.open(join(this.#directory, queryId, 'packets'), onError);
  }
  /** The files of its data set, in order. */
  saveFiles(queryId: string, files: readonly JournalFile[]): Promise<void> {
    return replaceFile(join(this.#directory, queryId, 'files.json'), JSON.stringify(files));
  }
  async remove(queryId: string): Promise<void> {
    await rm(join(this.#directory, queryId), { recursive: true, force: true });
  }
  async openJournal(
    { queryId, query }: QuerySpec,
    how: { onRecord: (record: unknown) => void; syncOthers: () => Promise<void>; onFull: (isFull: boolean) => void },
  ): Promise<Journal> {
    await mkdir(join(this.#directory, queryId), { recursive: true, mode: 0o700 });
    return Journal.open(join(this.#directory, queryId, 'journal'), query, how.onRecord, how);
  }
  /** As if not one packet of it had been done. */
  async forgetProgress(queryId: string): Promise<void> {
    for (const name of ['journal', 'rows']) await rm(join(this.#directory, queryId, name), { force: true });
  }
  /** Rows of the query's lists and ntuples while it runs, beside its journal. */
  rowFile(queryId: string): RowFile {
    return new RowFile(join(this.#directory, queryId, 'rows'));
  }

  async save(queryId: string, answer: Answer): Promise<void> {
    const folder = join(this.#directory, queryId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { status } = answer.result;
    const hasOutputs = status !== 'failed' && status !== 'aborted';
    // Nobody is shown the outputs of such a query, and its rows may be what filled the disk.
    if (!hasOutputs) await rm(join(folder, 'rows'), { force: true });
    try {
      const text = JSON.stringify(answer.result);
      const increments = hasOutputs ? answer.increments() : [];
      const of = { query: answer.result.query, answer: text };
      await replaceFile(join(folder, 'state.bin'), keptState(increments, of));
      await replaceFile(join(folder, 'result.json'), text);
    } catch (error) {
      await rm(join(folder, 'state.bin.new'), { force: true });
      throw error;
    }
    await this.forgetProgress(queryId);
  }
  /** Undefined where the query has not ended. @throws {KeptStateError} for one that is not what was written */
  async result(queryId: string): Promise<StoredResult | undefined> {
    const result = this.summary(queryId);
    return result && { result, state: await this.#inlineState(queryId, result.query) };
  }
  async #inlineState(queryId: string, query: string): Promise<Uint8Array | null> {
    const file = join(this.#directory, queryId, 'state.bin');
    if (statSync(file).size > MOST_INLINE_BYTES) return null;
    const increments: Uint8Array[] = [];
    for await (const increment of openState([await readFile(file)], query)) increments.push(increment);
    return packState(increments);
  }
  /** All of a result but its outputs. @throws {KeptStateError} for one that is not what was written */
  summary(queryId: string): QueryResult | undefined {
    const folder = join(this.#directory, queryId);
    const path = join(folder, 'result.json');
    if (!existsSync(path)) return undefined;
    const answer = readFileSync(path, 'utf8');
    checkAnswer(firstBytes(join(folder, 'state.bin'), STATE_HEAD_BYTES), { query: queryId, answer });
    const result = checked(queryResult, parseJson(answer, path), path);
    checkOwner(splitQueryRef(result.query)?.queryId ?? '', queryId);
    return result;
  }

  /** ms since 1970: when the result was written. */
  endedAt(queryId: string): number {
    return Math.round(statSync(join(this.#directory, queryId, 'result.json')).mtimeMs);
  }

  hasProgram(sha256: string): boolean {
    return existsSync(join(this.#directory, 'programs', sha256));
  }
  /** @throws {WrongProgramError} */
  async saveProgram(sha256: string, code: Uint8Array): Promise<void> {
    const found = createHash('sha256').update(code).digest('hex');
    if (found !== sha256)
      throw new WrongProgramError(
        `The program ${sha256.slice(0, 12)} arrived as ${found.slice(0, 12)}. Send it again.`,
      );
    await replaceFile(join(this.#directory, 'programs', sha256), code);
  }
  program(sha256: string): Promise<Uint8Array> {
    return readFile(join(this.#directory, 'programs', sha256));
  }
}

function firstBytes(path: string, n: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(n);
    return bytes.subarray(0, readSync(file, bytes, 0, n, 0));
  } finally {
    closeSync(file);
  }
}

async function replaceFile(path: string, content: Uint8Array | string | Iterable<Uint8Array>): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await writeFile(file, content);
    await file.datasync();
  } catch (error) {
    await rm(`${path}.new`, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
