/**
 * Results that a ProxyServer keeps, or that "proof archive" saved into a file. The file: a line that says what it is, the length of the
 * next part (u32, little endian), result and code as MessagePack (`keptResult`), and then the merged outputs as the server has them.
 */
import { closeSync, createReadStream, createWriteStream, existsSync, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import { unpackStream } from '../../analysis/merged-state.js';
import { checked } from '../../protocol/check.js';
import { UsageError } from '../../protocol/errors.js';
import { decodeFrame, MAX_FRAME_BYTES } from '../../protocol/frame.js';
import { keptResult } from '../../protocol/session-messages.js';
import type { ServerApi } from '../server-api.js';
import { spareInputs } from './output-files.js';
import type { OutputState, QueryOutcome } from './query-request.js';
import { writeWhole } from './whole-file.js';

export interface Kept {
  readonly outcome: QueryOutcome;
  readonly loaded: LoadedProgram;
  /** Paths of what the query read from disks. */
  readonly reads: readonly string[];
}

const FIRST_LINE = Buffer.from('proof result 1\n');
const HEAD_BYTES = FIRST_LINE.length + 4;

/** Of a query that is over. */
export async function keptByServer(api: ServerApi, query: string, libraryUrl: string): Promise<Kept> {
  const state = { increments: () => unpackStream(api.queryState(query)) };
  return kept(await api.queryResult(query), state, { libraryUrl, name: query });
}

/** @throws {UsageError} for a file that is no kept result */
export async function keptInFile(file: string, libraryUrl: string): Promise<Kept> {
  const about = readAbout(file);
  const start = HEAD_BYTES + about.length;
  return kept(about, { increments: () => unpackStream(createReadStream(file, { start })) }, { libraryUrl, name: file });
}

/** Saves what a server keeps of a query: whole or not at all. @throws {UsageError} `file` is one that the query read */
export async function saveKept(api: ServerApi, query: string, file: string): Promise<void> {
  if (existsSync(file)) {
    const { reads } = checked(keptResult, decodeFrame(await api.queryResult(query), true), 'kept result');
    spareInputs({ archive: file }, reads, 'its query read');
  }
  const about = await api.queryResult(query, { archive: true });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(about.length);
  await writeWhole(file, (path) =>
    pipeline(async function* () {
      yield Buffer.concat([FIRST_LINE, length, about]);
      yield* api.queryState(query);
    }, createWriteStream(path)),
  );
}

function readAbout(file: string): Buffer {
  const from = openSync(file, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    readSync(from, head, 0, HEAD_BYTES, 0);
    const length = head.readUInt32LE(FIRST_LINE.length);
    if (!head.subarray(0, FIRST_LINE.length).equals(FIRST_LINE) || length > MAX_FRAME_BYTES)
      throw new UsageError(`${file} holds no result of a query: "proof archive" makes such files.`);
    const about = Buffer.alloc(length);
    readSync(from, about, 0, length, HEAD_BYTES);
    return about;
  } finally {
    closeSync(from);
  }
}

async function kept(about: Buffer, state: OutputState, of: { libraryUrl: string; name: string }): Promise<Kept> {
  try {
    const { result, code, reads } = checked(keptResult, decodeFrame(about, true), 'kept result');
    const program = { ...result.program, code: Buffer.from(code).toString('utf8') };
    return { outcome: { result, state }, loaded: await loadProgram(program, { moduleUrl: of.libraryUrl }), reads };
  } catch (cause) {
    throw new UsageError(`${of.name} holds no result of a query: ${(cause as Error).message}`, { cause });
  }
}
