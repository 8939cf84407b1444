/**
 * The end of a query on the client: the merged outputs become those of a fresh selector, `terminate` runs, and what it leaves is
 * the result, the same however the query ran.
 */
import { UserCodeError } from './errors.js';
import type { LoadedProgram } from './load-program.js';
import type { OutputMerger } from './output-merger.js';
import { outputFrom, restoreOutput, resultsOf } from './outputs/restored-output.js';
import type { OutputResult } from './outputs/result.js';
import { Selector, type SelectorContext } from './selector.js';

/**
 * Outputs in the order in which the selector declares them, then those declared on workers only, then those of `terminate`.
 * @throws {UserCodeError} where `terminate` throws
 */
export async function finishOutputs(
  loaded: LoadedProgram,
  merger: OutputMerger,
  context: SelectorContext,
): Promise<readonly OutputResult[]> {
  const guarded = async <T>(step: string, call: () => T | Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      const message = `${loaded.program.name} in ${step}(): ${loaded.stack.describe(cause)}`;
      throw new UserCodeError(message, null, loaded.stack.translate(cause), { cause });
    }
  };
  const selector = await guarded('constructor', () => loaded.create(context));
  const outputs = Selector.outputsOf(selector);
  const merged = new Map(merger.outputs().map(({ declaration, merged: state }) => [declaration.name, state]));
  for (const { declaration } of merger.outputs())
    if (!outputs.has(declaration.name)) Selector.addOutput(selector, outputFrom(declaration));
  for (const output of outputs.values()) restoreOutput(output, merged.get(output.name));
  Selector.enterTerminate(selector);
  await guarded('terminate', () => selector.terminate());
  return [...outputs.values()].flatMap((output) => resultsOf(output, merged.get(output.name)));
}
