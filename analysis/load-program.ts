/**
 * From a program's text to objects: `create` gives a selector, on client, master and worker alike.
 *
 * A bundle is imported as a data: URL, so that nothing is left on disk; its import of `proof-grid` becomes the URL of the running
 * installation. `sourceURL` gives its stack frames a short name, which user-stack.ts turns into the user's own lines.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadDraw } from './draw/load-draw.js';
import { ProgramError } from './errors.js';
import { checkProgram, type Program } from './program.js';
import { Selector, type SelectorContext } from './selector.js';
import { frameName, runningText, UserStack } from './user-stack.js';

export interface LoadedProgram {
  readonly program: Program;
  readonly stack: UserStack;
  /** A fresh selector. @throws what the class's constructor throws */
  create(context: SelectorContext): Selector;
}

export interface LoadOptions {
  /** What `proof-grid` means; without it the analysis part of this installation. */
  readonly moduleUrl?: string;
}

const USER_MODULE = pathToFileURL(join(import.meta.dirname, 'user-module.js')).href;

/** @throws {ProgramError} for a changed text, or one that exports no selector */
export async function loadProgram(program: Program, options: LoadOptions = {}): Promise<LoadedProgram> {
  checkProgram(program);
  const moduleUrl = options.moduleUrl ?? USER_MODULE;
  const stack = new UserStack(program, moduleUrl);
  if (program.kind === 'draw') {
    const create = loadDraw(program.code);
    return { program, stack, create: (context) => create(context) };
  }
  const named = `${runningText(program.code, moduleUrl)}\n//# sourceURL=${frameName(program)}\n`;
  const module = await importText(named).catch((cause: unknown) => {
    throw new ProgramError(`${program.name} cannot be loaded: ${stack.describe(cause)}.`, { cause });
  });
  const Class = module.default;
  if (typeof Class !== 'function' || !(Class.prototype instanceof Selector))
    throw new ProgramError(
      `${program.name} exports no selector: write "export default class … extends Selector" with Selector from 'proof-grid'.`,
    );
  const { process } = Class.prototype as { process?: unknown };
  if (typeof process === 'function' && process.constructor.name === 'AsyncFunction')
    throw new ProgramError(`${program.name}: process() cannot be async; read other things in init() or workerBegin().`);
  return { program, stack, create: (context) => Selector.construct(Class as new () => Selector, context) };
}

async function importText(text: string): Promise<{ default?: { prototype: unknown } }> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  return (await import(url)) as { default?: { prototype: unknown } };
}
