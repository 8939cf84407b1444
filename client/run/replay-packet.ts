/** One packet of a query in this process: the same runner, table, program and random numbers as on its worker. */
import { hostname } from 'node:os';
import { UserCodeError } from '../../analysis/errors.js';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import { ProgramRunner } from '../../analysis/program-runner.js';
import type { PacketOrder } from '../../protocol/api.js';
import { pairsSize } from '../../protocol/entry-list.js';
import { type ErrorBody, errorBody, GridError } from '../../protocol/errors.js';
import type { QueryResult } from '../../protocol/session-messages.js';
import { LIBRARY } from '../library-url.js';
import { openTable } from './local-files.js';
import type { QueryOutcome } from './query-request.js';

/** A packet that fails is told by the result's `error`, with the user's stack. @throws {ProgramError} where its code does not load */
export async function replayPacket(
  query: string,
  order: PacketOrder,
): Promise<{ outcome: QueryOutcome; loaded: LoadedProgram }> {
  const { packet, file, only, params, inputs, seed } = order;
  const loaded = await loadProgram(
    { ...order.program, code: Buffer.from(order.code).toString('utf8') },
    { moduleUrl: LIBRARY },
  );
  const merger = new OutputMerger({ selector: loaded.create({ params, inputs, seed }) });
  const runner = new ProgramRunner(loaded, { params, inputs, seed, openTable: () => openTable(file) });
  const { position: filePosition, first, end } = packet;
  const worker = { name: '0', host: hostname(), site: 'local', packets: 1, entries: 0, bytes: 0, cpuMs: 0 };
  const wanted = only === undefined ? end - first : pairsSize(only);
  const started = performance.now();
  let error: (ErrorBody & { stack?: string }) | null = null;
  try {
    const { entries, bytes, cpuMs } = await runner.run({ filePosition, file: file.name, first, end, only });
    Object.assign(worker, { entries, bytes, cpuMs });
    merger.add(runner.takeIncrement());
  } catch (thrown) {
    if (!(thrown instanceof GridError)) throw thrown;
    error = { ...errorBody(thrown), ...(thrown instanceof UserCodeError ? { stack: thrown.userStack } : {}) };
  } finally {
    await runner.close();
  }
  const totalMs = performance.now() - started;
  const { entries, bytes } = worker;
  const result: QueryResult = {
    ...{ query, title: `packet ${packet.packetId}`, program: order.program, params, inputs, seed, error, bytes },
    status: error === null ? 'completed' : 'failed',
    entries: { total: wanted, done: entries, failed: 0, missing: wanted - entries },
    ...{ failures: [], failuresLeftOut: 0, missingFiles: [], workers: [worker] },
    timing: { openMs: 0, lookupMs: 0, processMs: totalMs, mergeMs: 0, totalMs },
  };
  return { outcome: { result, state: { increments: () => merger.encode() } }, loaded };
}
