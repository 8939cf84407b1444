/** The last step of a query, on the client: the merged outputs restored, terminate() run. Rows beyond what memory should hold are on disk. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishOutputs } from '../../analysis/finish-outputs.js';
import type { LoadedProgram } from '../../analysis/load-program.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import { FileChunkStore } from '../../analysis/outputs/file-chunk-store.js';
import type { OutputResult } from '../../analysis/outputs/result.js';
import type { QueryOutcome } from './query-request.js';

/**
 * @param directory for rows, while this process lives; the system's temporary one unless told
 * @throws {UserCodeError} where terminate() throws
 */
export async function finish(
  { result, state }: QueryOutcome,
  loaded: LoadedProgram,
  directory?: string,
): Promise<readonly OutputResult[]> {
  const { params, inputs, seed } = result;
  const context = { params, inputs, seed };
  const merger = new OutputMerger({
    selector: loaded.create(context),
    chunks: state.chunks ?? rowStore(directory),
  });
  for await (const increment of state.increments())
    if (state.chunks === undefined) merger.add(increment);
    else merger.addKept(increment);
  return finishOutputs(loaded, merger, context);
}

/** Its file has no name: it goes with the process. */
export function rowStore(directory = tmpdir()): FileChunkStore {
  return new FileChunkStore({ path: join(directory, `.proof-rows-${randomBytes(6).toString('hex')}`) });
}
