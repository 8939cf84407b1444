/**
 * Results that a ProxyServer keeps, or that "proof archive" saved into a file. The file: a line that says what it is, length and CRC-32 of the
 * next part (u32, little endian), result and code as MessagePack (`keptResult`), and then the merged outputs as the server has them
 * (analysis/kept-state.ts). A damaged file is refused.
 */
import { closeSync, createReadStream, createWriteStream, existsSync, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { checkState, KeptStateError, openState } from '../../analysis/kept-state.js';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import { checked } from '../../protocol/check.js';
import { CrcChain, lengthOfRun, RUN_HEAD_BYTES } from '../../protocol/crc-chain.js';
import { UsageError } from '../../protocol/errors.js';
import { decodeFrame, MAX_FRAME_BYTES } from '../../protocol/frame.js';
import { keptResult } from '../../protocol/session-messages.js';
import type { ServerApi } from '../server-api.js';
import { filesOf, spareInputs, type WrittenFiles } from './output-files.js';
import type { QueryOutcome } from './query-request.js';
import { writeWhole } from './whole-file.js';

export interface Kept {
  readonly outcome: QueryOutcome;
  readonly loaded: LoadedProgram;
  /** Paths of what the query read from disks. */
  readonly reads: readonly string[];
}

const FIRST_LINE = Buffer.from('proof result 2\n');
const KIND = 'proof result';
const HEAD_BYTES = FIRST_LINE.length + RUN_HEAD_BYTES;

/** Of a query that is over. */
export async function keptByServer(api: ServerApi, query: string, libraryUrl: string): Promise<Kept> {
  return kept(await api.queryResult(query), () => api.queryState(query), { libraryUrl, name: query });
}

/** @throws {UsageError} for a file that is no kept result */
export async function keptInFile(file: string, libraryUrl: string): Promise<Kept> {
  const about = readAbout(file);
  const start = HEAD_BYTES + about.length;
  return kept(about, () => createReadStream(file, { start }), { libraryUrl, name: file });
}

/** Of a query that is over. @throws {UsageError} a file is one that the query read */
export async function spareReads(api: ServerApi, query: string, files: WrittenFiles): Promise<void> {
  if (!filesOf(files).some(({ path }) => existsSync(path))) return;
  const { reads } = checked(keptResult, decodeFrame(await api.queryResult(query), true), 'kept result');
  spareInputs(files, reads, 'its query read');
}

/**
 * Saves what a server keeps of a query: whole or not at all.
 * @throws {UsageError} `file` is one that the query read; {KeptStateError} it is damaged there
 */
export async function saveKept(api: ServerApi, query: string, file: string): Promise<void> {
  await spareReads(api, query, { archive: file });
  const about = await api.queryResult(query, { archive: true });
  const head = new CrcChain(KIND, FIRST_LINE).headOf(about);
  await writeWhole(file, (path) =>
    pipeline(async function* () {
      yield Buffer.concat([FIRST_LINE, head, about]);
      yield* checkState(api.queryState(query), query);
    }, createWriteStream(path)),
  );
}

function readAbout(file: string): Buffer {
  const from = openSync(file, 'r');
  try {
    const start = Buffer.alloc(HEAD_BYTES);
    readSync(from, start, 0, HEAD_BYTES, 0);
    const head = start.subarray(FIRST_LINE.length);
    const length = lengthOfRun(head) ?? Number.POSITIVE_INFINITY;
    const isOurs = start.subarray(0, KIND.length).toString() === KIND;
    if (isOurs && !start.subarray(0, FIRST_LINE.length).equals(FIRST_LINE))
      throw new UsageError(`${file} was saved by another version, which this one cannot read.`);
    if (!isOurs) throw new UsageError(`${file} holds no result of a query: "proof archive" makes such files.`);
    const about = Buffer.alloc(Math.min(length, MAX_FRAME_BYTES));
    const read = readSync(from, about, 0, about.length, HEAD_BYTES);
    if (read !== length || !new CrcChain(KIND, FIRST_LINE).follows(head, about))
      throw new KeptStateError(`${file} is damaged: a checksum does not match. Save the result again.`);
    return about;
  } finally {
    closeSync(from);
  }
}

async function kept(
  about: Buffer,
  state: () => AsyncIterable<Uint8Array>,
  of: { libraryUrl: string; name: string },
): Promise<Kept> {
  try {
    const { result, code, reads } = checked(keptResult, decodeFrame(about, true), 'kept result');
    const program = { ...result.program, code: Buffer.from(code).toString('utf8') };
    const increments = (): AsyncIterable<Uint8Array> => openState(state(), result.query);
    const loaded = await loadProgram(program, { moduleUrl: of.libraryUrl });
    return { outcome: { result, state: { increments } }, loaded, reads };
  } catch (cause) {
    throw new UsageError(`${of.name} holds no result of a query: ${(cause as Error).message}`, { cause });
  }
}
