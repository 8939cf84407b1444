/** The last step of a query, on the client: the merged outputs restored, terminate() run. */
import { finishOutputs } from '../../analysis/finish-outputs.js';
import type { LoadedProgram } from '../../analysis/load-program.js';
import { unpackState } from '../../analysis/merged-state.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import type { OutputResult } from '../../analysis/outputs/result.js';
import type { QueryOutcome } from './query-request.js';

/** @throws {UserCodeError} where terminate() throws */
export async function finish({ result, state }: QueryOutcome, loaded: LoadedProgram): Promise<readonly OutputResult[]> {
  const { params, inputs, seed } = result;
  const context = { params, inputs, seed };
  const merger = new OutputMerger({ selector: loaded.create(context) });
  for (const increment of unpackState(state)) merger.add(increment);
  return finishOutputs(loaded, merger, context);
}
