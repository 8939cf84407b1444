/** The start of a query on the client: `begin` runs on a selector of its own, and what it puts into `inputs` goes to the workers. */
import { UserCodeError } from './errors.js';
import type { LoadedProgram } from './load-program.js';
import type { SelectorContext } from './selector.js';

/** @returns the context that workers and `finishOutputs` get. @throws {UserCodeError} where the constructor or `begin` throws */
export async function beginProgram(loaded: LoadedProgram, context: SelectorContext): Promise<SelectorContext> {
  const inputs = { ...context.inputs };
  try {
    await loaded.create({ ...context, inputs }).begin();
  } catch (cause) {
    const message = `${loaded.program.name} in begin(): ${loaded.stack.describe(cause)}`;
    throw new UserCodeError(message, null, loaded.stack.translate(cause), { cause });
  }
  return { ...context, inputs };
}
