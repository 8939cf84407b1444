/** Results that a ProxyServer keeps, or that "proof archive" saved into a file: one MessagePack frame, code included. */
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import { checked } from '../../protocol/check.js';
import { UsageError } from '../../protocol/errors.js';
import { decodeFrame } from '../../protocol/frame.js';
import { keptResult } from '../../protocol/session-messages.js';
import type { QueryOutcome } from './query-request.js';

export interface Kept {
  readonly outcome: QueryOutcome;
  readonly loaded: LoadedProgram;
}

/** @throws {UsageError} for a file that is no kept result */
export async function readKept(frame: Buffer, libraryUrl: string, name: string): Promise<Kept> {
  try {
    const { result, state, code } = checked(keptResult, decodeFrame(frame, true), 'kept result');
    const program = { ...result.program, code: Buffer.from(code).toString('utf8') };
    return { outcome: { result, state }, loaded: await loadProgram(program, { moduleUrl: libraryUrl }) };
  } catch (cause) {
    throw new UsageError(`${name} holds no result of a query: ${(cause as Error).message}`, { cause });
  }
}
