/** The start of a query on the client: `begin` runs on a selector of its own, and what it puts into `inputs` goes to the workers. */
import { ProgramError, UserCodeError } from './errors.js';
import type { LoadedProgram } from './load-program.js';
import type { SelectorContext } from './selector.js';

/**
 * @returns the context that workers and `finishOutputs` get.
 * @throws {UserCodeError} where the constructor or `begin` throws; {ProgramError} where nothing would be done with the entries
 */
export async function beginProgram(loaded: LoadedProgram, context: SelectorContext): Promise<SelectorContext> {
  const inputs = { ...context.inputs };
  const step = async <T>(name: string, run: () => T): Promise<Awaited<T>> => {
    try {
      return await run();
    } catch (cause) {
      const message = `${loaded.program.name} in ${name}(): ${loaded.stack.describe(cause)}`;
      throw new UserCodeError(message, null, loaded.stack.translate(cause), { cause });
    }
  };
  const selector = await step('constructor', () => loaded.create({ ...context, inputs }));
  if (typeof selector.process !== 'function' && typeof selector.processBatch !== 'function')
    throw new ProgramError(
      `${loaded.program.name} does nothing with the entries: its selector has neither process(entry) nor processBatch(batch).`,
    );
  await step('begin', () => selector.begin());
  return { ...context, inputs };
}
